# Families of positive values as R has them: regressions on house_prices.csv, densities and tails.
# Run: Rscript tests/reference/families/witness_positive.R > tests/reference/families/witness_positive.json

suppressMessages({library(survival); library(statmod); library(VGAM); library(mgcv)})

number <- function(x) ifelse(is.finite(x), sprintf("%.17g", x), "null")
array <- function(x) paste0("[", paste(number(unname(x)), collapse = ", "), "]")
record <- function(...) {
  parts <- list(...)
  paste0("  {", paste0('"', names(parts), '": ', unlist(parts), collapse = ", "), "}")
}
text <- function(x) paste0('"', gsub('"', "'", x), '"')

houses <- read.csv("sample_data/house_prices.csv")
formula <- price ~ lotsize + bathrooms

aft <- function(family, dist) {
  model <- survreg(Surv(price) ~ lotsize + bathrooms, data = houses, dist = dist,
                   control = survreg.control(rel.tolerance = 1e-14, maxiter = 200))
  error <- sqrt(diag(vcov(model)))[1:3]
  record(family = text(family), command = text(paste0("survreg(dist = '", dist, "')")),
         estimates = array(coef(model)), errors = array(error),
         scale = number(model$scale), log_likelihood = number(model$loglik[2]))
}

glms <- function(family, kind, command) {
  # glm stops when the deviance stands still, long before the coefficients do: so 60 steps
  model <- suppressWarnings(glm(formula, data = houses, family = kind,
                                control = glm.control(epsilon = 1e-300, maxit = 60)))
  record(family = text(family), command = text(command), estimates = array(coef(model)),
         deviance = number(deviance(model)))
}

regressions <- c(
  aft("exponential", "exponential"), aft("weibull", "weibull"), aft("rayleigh", "rayleigh"),
  aft("lognormal", "lognormal"), aft("loglogistic", "loglogistic"),
  glms("gamma", Gamma(link = "log"), "glm(family = Gamma(link = 'log'))"),
  glms("inverse-gaussian", inverse.gaussian(link = "log"),
       "glm(family = inverse.gaussian(link = 'log'))")
)

y <- c(0.003, 0.4, 1.7, 2.2, 9, 60)
at <- function(family, command, theta, density, lower = NA, upper = NA)
  record(family = text(family), command = text(command), theta = array(theta), y = array(y),
         log_density = array(density), log_cdf = array(lower), log_sf = array(upper))
tails <- function(p, ...) list(p(y, ..., log.p = TRUE), p(y, ..., lower.tail = FALSE, log.p = TRUE))

both <- function(family, command, theta, d, p, ...) {
  ends <- tails(p, ...)
  at(family, command, theta, d(y, ..., log = TRUE), ends[[1]], ends[[2]])
}

densities <- c(
  both("exponential", "dexp(rate = 1/2)", 2, dexp, pexp, rate = 1 / 2),
  both("gamma", "dgamma(shape = 2.5, rate = 2.5/3)", c(3, 2.5), dgamma, pgamma,
       shape = 2.5, rate = 2.5 / 3),
  both("inverse-gaussian", "statmod::dinvgauss(mean = 2, shape = 1.5)", c(2, 1.5), dinvgauss,
       pinvgauss, mean = 2, shape = 1.5),
  both("lognormal", "dlnorm(0.5, 1.2)", c(0.5, 1.2), dlnorm, plnorm, meanlog = 0.5, sdlog = 1.2),
  both("weibull", "dweibull(shape = 1.3, scale = 2)", c(2, 1.3), dweibull, pweibull,
       shape = 1.3, scale = 2),
  at("loglogistic", "VGAM::dfisk(scale = 2, shape1.a = 1.3)", c(2, 1.3),
     dfisk(y, scale = 2, shape1.a = 1.3, log = TRUE)),
  at("rayleigh", "VGAM::drayleigh(scale = 2)", 2, drayleigh(y, scale = 2, log = TRUE)),
  at("half-normal", "log(2) + dnorm(sd = 2, log = TRUE)", 2, log(2) + dnorm(y, sd = 2, log = TRUE)),
  # Prentice's (mu, sigma, Q) is Stacy's (scale exp(mu) Q^(2 sigma/Q), d = Q/sigma, k = 1/Q^2)
  at("generalised-gamma", "VGAM::dgengamma.stacy(scale, d = 0.6/0.9, k = 1/0.36)",
     c(0.5, 0.9, 0.6), dgengamma.stacy(y, scale = exp(0.5) * 0.6^(2 * 0.9 / 0.6), d = 0.6 / 0.9,
                                       k = 1 / 0.36, log = TRUE))
)
tweedie <- unlist(lapply(c(1.1, 1.5, 1.9), function(p) {
  mu <- 2
  phi <- 0.7
  found <- ldTweedie(c(0, y), mu, p = p, phi = phi)
  record(theta = array(c(mu, phi, p)), y = array(c(0, y)), log_density = array(found[, 1]))
}))

visits <- read.csv("sample_data/doctor_visits.csv")
held <- suppressWarnings(glm(
  reduced ~ health + age, data = visits,
  family = statmod::tweedie(var.power = 1.5, link.power = 0),
  control = glm.control(epsilon = 1e-300, maxit = 60)
))
# mgcv estimates the power too, by maximum likelihood
free <- gam(reduced ~ health + age, data = visits, family = tw(), method = "ML",
            control = gam.control(epsilon = 1e-12, newton = list(conv.tol = 1e-10)))
power <- record(
  command = text("glm(family = statmod::tweedie(1.5, 0)); mgcv::gam(family = tw(), method = 'ML')"),
  held = array(coef(held)), deviance = number(deviance(held)),
  free = array(coef(free)), p = number(free$family$getTheta(TRUE))
)

cat("{\n")
cat('"program": ', text(paste0(R.version.string, ", survival ", packageVersion("survival"),
  ", statmod ", packageVersion("statmod"), ", VGAM ", packageVersion("VGAM"),
  ", mgcv ", packageVersion("mgcv"))), ",\n", sep = "")
cat('"command": "Rscript tests/reference/families/witness_positive.R",\n')
cat('"regressions": [\n', paste(regressions, collapse = ",\n"), "\n],\n", sep = "")
cat('"densities": [\n', paste(densities, collapse = ",\n"), "\n],\n", sep = "")
cat('"power":', power, ",\n")
cat('"tweedie": [\n', paste(tweedie, collapse = ",\n"), "\n]\n}\n", sep = "")
