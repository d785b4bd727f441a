# Families of the real line, the unit interval and the circle as R has them.
# Run: Rscript tests/reference/families/witness_realline.R > tests/reference/families/witness_realline.json

suppressMessages({library(survival); library(MASS); library(evd); library(sn); library(VGAM)
                  library(circular)})

number <- function(x) ifelse(is.finite(x), sprintf("%.17g", x), "null")
array <- function(x) paste0("[", paste(number(unname(x)), collapse = ", "), "]")
text <- function(x) paste0('"', x, '"')
record <- function(...) {
  parts <- list(...)
  paste0("  {", paste0('"', names(parts), '": ', unlist(parts), collapse = ", "), "}")
}

houses <- read.csv("sample_data/house_prices.csv")
rivers <- read.csv("sample_data/rivers.csv")$length_miles
claims <- read.csv("sample_data/insurance.csv")[1:60, ]
snails <- read.csv("sample_data/periwinkles.csv")

# estimates and errors stand in the order of mlefit's tables: coefficients, then parameters;
# tolerance is relative, as many digits as the program's own search leaves
fitted <- function(family, command, data, formula, estimates, errors, height, tolerance, ...)
  record(family = text(family), command = text(command), data = text(data),
         formula = text(formula), estimates = array(estimates), errors = array(errors),
         log_likelihood = number(height), tolerance = number(tolerance), ...)

# survreg gives the error of log(scale)
location_scale <- function(family, dist, sign = 1, ...) {
  model <- survreg(Surv(sign * price) ~ lotsize + bedrooms, data = houses, dist = dist, ...,
                   control = survreg.control(rel.tolerance = 1e-15, maxiter = 300))
  error <- sqrt(diag(vcov(model)))
  command <- paste0("survreg(Surv(", if (sign < 0) "-" else "", "price) ~ ., dist = '", dist, "')")
  fix <- if (dist == "t") '"df=4"' else '""'
  fitted(family, command, "house_prices.csv", "price ~ lotsize + bedrooms",
         c(sign * coef(model), model$scale), c(error[1:3], error[4] * model$scale),
         model$loglik[2], 1e-7, fix = fix)
}

# optim polishes what the function that is named leaves at four digits
sample <- function(family, command, start, density) {
  nll <- function(theta) if (theta[2] > 0) -sum(density(theta)) else Inf
  size <- abs(start)
  for (method in c("Nelder-Mead", "BFGS", "BFGS")) {
    start <- optim(start, nll, method = method,
                   control = list(parscale = size, reltol = 1e-16, maxit = 5000,
                                  ndeps = rep(1e-5, length(size))))$par
  }
  hessian <- optimHess(start, nll, control = list(parscale = size, ndeps = rep(1e-3, length(size))))
  fitted(family, paste0(command, ", then optim"), "rivers.csv", "length_miles ~ 1", start,
         sqrt(diag(solve(hessian))), -nll(start), 1e-4, fix = '""')
}

t_start <- suppressWarnings(fitdistr(rivers, "t"))$estimate
cauchy_start <- suppressWarnings(fitdistr(rivers, "cauchy"))$estimate
gev_start <- fgev(rivers)$estimate

skewed <- selm(price ~ lotsize + bedrooms, data = houses, family = "SN")
slant <- coef(skewed, "DP")["alpha"]
shares <- vglm(claims / holders ~ district, betaff(zero = "phi"), data = claims,
               control = vglm.control(epsilon = 1e-14, maxit = 200))
phi <- exp(coef(shares)[["(Intercept):2"]])
beta_error <- sqrt(diag(vcov(shares)))
directions <- circular(snails$direction_degrees * 0.017453292519943295)
turned <- mle.vonmises(directions)

fits <- c(
  location_scale("student", "t", parms = 4),
  location_scale("logistic", "logistic"),
  location_scale("gumbel", "extreme", sign = -1),
  sample("student", "MASS::fitdistr(densfun = 't')", t_start,
         function(p) dt((rivers - p[1]) / p[2], p[3], log = TRUE) - log(p[2])),
  sample("cauchy", "MASS::fitdistr(densfun = 'cauchy')", cauchy_start,
         function(p) dcauchy(rivers, p[1], p[2], log = TRUE)),
  sample("gev", "evd::fgev", gev_start,
         function(p) dgev(rivers, p[1], p[2], p[3], log = TRUE)),
  fitted("skew-normal", "sn::selm(family = 'SN')", "house_prices.csv",
         "price ~ lotsize + bedrooms",
         c(coef(skewed, "CP")[1:4], slant), sqrt(diag(vcov(skewed, "CP")))[1:4],
         logLik(skewed), 1e-6, fix = '""'),
  fitted("beta", "VGAM::vglm(betaff(zero = 'phi')), its errors of expected information", "insurance.csv",
         "claims / holders ~ district",
         c(coef(shares)[c(1, 3)], phi), c(beta_error[c(1, 3)], beta_error[2] * phi),
         logLik(shares), 1e-7, fix = '""', se = '"expected"', rows = 60),
  # its kappa is Fisher's approximation, three digits
  fitted("von-mises", "circular::mle.vonmises", "periwinkles.csv",
         "direction_degrees * 0.017453292519943295 ~ 1",
         c(turned$mu, turned$kappa), c(turned$se.mu, turned$se.kappa),
         sum(suppressWarnings(dvonmises(directions, turned$mu, turned$kappa, log = TRUE))),
         3e-3, fix = '""')
)

at <- function(family, command, theta, y, density, lower = NA, upper = NA)
  record(family = text(family), command = text(command), theta = array(theta), y = array(y),
         log_density = array(density), log_cdf = array(lower), log_sf = array(upper))
y <- c(-40, -3, 0.1, 1.7, 2.2, 9, 60)
both <- function(family, command, theta, d, p, ..., at_y = y, less = 0, unit = 1) {
  z <- (at_y - less) / unit
  at(family, command, theta, at_y, d(z, ..., log = TRUE) - log(unit),
     p(z, ..., log.p = TRUE), p(z, ..., lower.tail = FALSE, log.p = TRUE))
}

densities <- c(
  both("student", "dt((y - 1) / 2, 3.5)", c(1, 2, 3.5), dt, pt, df = 3.5, less = 1, unit = 2),
  both("student", "dt((y - 1) / 2, 1e5)", c(1, 2, 1e5), dt, pt, df = 1e5, less = 1, unit = 2),
  both("logistic", "dlogis(1, 2)", c(1, 2), dlogis, plogis, location = 1, scale = 2),
  both("cauchy", "dcauchy(1, 2)", c(1, 2), dcauchy, pcauchy, location = 1, scale = 2),
  at("gumbel", "evd::dgumbel(1, 2)", c(1, 2), y, dgumbel(y, 1, 2, log = TRUE)),
  at("gev", "evd::dgev(1, 2, 0.3)", c(1, 2, 0.3), y, dgev(y, 1, 2, 0.3, log = TRUE)),
  at("gev", "evd::dgev(1, 2, -0.3)", c(1, 2, -0.3), y, dgev(y, 1, 2, -0.3, log = TRUE)),
  both("beta", "dbeta(0.3 * 5, 0.7 * 5)", c(0.3, 5), dbeta, pbeta, shape1 = 1.5, shape2 = 3.5,
       at_y = c(1e-9, 0.01, 0.3, 0.77, 0.9999))
)

packages <- sapply(c("survival", "MASS", "evd", "sn", "VGAM", "circular"),
                   function(p) paste(p, packageVersion(p)))
cat('{\n"program": ', text(paste(c(R.version.string, packages), collapse = ", ")),
    ',\n"command": "Rscript tests/reference/families/witness_realline.R",\n"fits": [\n',
    paste(fits, collapse = ",\n"), '\n],\n"densities": [\n',
    paste(densities, collapse = ",\n"), "\n]\n}\n", sep = "")
