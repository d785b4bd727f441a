# Counts fitted by R, on sample_data: Rscript tests/reference/families/witness_counts.R
# writes witness_counts.json, which is JSON: log-likelihood, estimates, standard errors.
suppressMessages({library(MASS); library(pscl); library(VGAM); library(jsonlite)})
options(digits = 15)
visits <- read.csv("sample_data/doctor_visits.csv")
calls <- read.csv("sample_data/callbacks.csv")
menarche <- read.csv("sample_data/menarche.csv")
shown <- list()
keep <- function(name, program, loglik, estimate, error) {
  shown[[name]] <<- list(program = program, log_likelihood = as.numeric(loglik),
                         estimates = unname(estimate), std_errors = unname(error))
}
version <- function(package) paste(package, packageVersion(package))

m <- glm.nb(visits ~ age + illness, data = visits,
            control = glm.control(epsilon = 1e-14, maxit = 100))
keep("negbinom", version("MASS"), logLik(m), c(coef(m), log(m$theta)), c(rep(NA, 3), m$SE.theta / m$theta))

tight <- function(...) zeroinfl.control(method = "BFGS", reltol = 1e-15, maxit = 1e5, ...)
pscl_of <- function(name, m) {
  se <- sqrt(diag(vcov(m)))
  theta <- if (is.null(m$theta)) NULL else log(m$theta)
  n <- length(coef(m))
  keep(name, version("pscl"), logLik(m), c(coef(m), theta), c(se[1:n], if (is.null(theta)) NULL else m$SE.logtheta))
}
pscl_of("zip", zeroinfl(health ~ age + illness | age, data = visits, dist = "poisson", control = tight()))
pscl_of("zinb", zeroinfl(reduced ~ age | age, data = visits, dist = "negbin", control = tight()))
hurdles <- function(...) hurdle.control(method = "BFGS", reltol = 1e-15, maxit = 1e5, ...)
pscl_of("hurdle-poisson", hurdle(health ~ age + illness | age, data = visits, dist = "poisson", control = hurdles()))
pscl_of("hurdle-negbinom", hurdle(health ~ age + illness | age, data = visits, dist = "negbin", control = hurdles()))

vgam_of <- function(name, m) keep(name, version("VGAM"), logLik(m), coef(m), sqrt(diag(vcov(m))))
fine <- vglm.control(epsilon = 1e-14, maxit = 200)
vgam_of("geometric", vglm(visits ~ age + illness, geometric, data = visits, control = fine))
m <- vglm(experience ~ quality, pospoisson, data = calls, control = fine)
vgam_of("truncated-poisson", m)
m <- vglm(experience ~ quality, posnegbinomial, data = calls, control = fine)
vgam_of("truncated-negbinom", m)
m <- vglm(cbind(menarche, total - menarche) ~ 1, betabinomial, data = menarche, control = fine)
vgam_of("beta-binomial", m)
m <- vglm(visits ~ age + illness, negbinomial(parallel = TRUE, zero = NULL), data = visits, control = fine)
vgam_of("negbinom1", m)
m <- vglm(experience ~ quality, logff, data = calls, control = fine)
vgam_of("logarithmic", m)
document <- list(program = R.version.string, command = "Rscript tests/reference/families/witness_counts.R",
                 date = format(Sys.Date()), fits = shown)
writeLines(toJSON(document, digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"),
           "tests/reference/families/witness_counts.json")
