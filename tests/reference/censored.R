# Censored fits by R's survival package, for tests/reference/censored.json.
# Run: Rscript tests/reference/censored.R > tests/reference/censored.json
# It also wrote sample_data/leukemia.csv (MASS::gehan) and sample_data/durables.csv (survival::tobin).
suppressMessages({library(MASS); library(survival)})
number <- function(x) formatC(x, digits = 17, format = "g")
rows <- function(fit, scale) {
  estimates <- coef(fit)
  errors <- sqrt(diag(vcov(fit)))
  names <- names(errors)
  paste0("    {", paste(sprintf('"%s": [%s, %s]', names,
    number(c(estimates, if (scale) log(fit$scale))), number(errors)), collapse = ", "), "}")
}
fit <- function(id, formula, data, dist) {
  m <- survreg(formula, data = data, dist = dist, control = survreg.control(rel.tolerance = 1e-14, maxiter = 100))
  sprintf('   {"id": "%s", "log_likelihood": %s,\n    "numbers": %s}', id, number(m$loglik[2]), trimws(rows(m, dist != "exponential")))
}
gehan$treat <- factor(gehan$treat, levels = c("6-MP", "control"))
tobin$low <- ifelse(tobin$durable == 0, NA, tobin$durable)
gehan$lo <- pmax(gehan$time - 1, 0.5)
gehan$hi <- ifelse(gehan$cens == 1, gehan$time + 1, NA)
cat("{\n \"program\": \"R", paste(R.version$major, R.version$minor, sep = "."), "survival", as.character(packageVersion("survival")),
    "\",\n \"command\": \"Rscript tests/reference/censored.R\",\n \"cases\": [\n", sep = " ")
cat(paste(c(
  fit("tobit", Surv(durable, durable > 0, type = "left") ~ age + quant, tobin, "gaussian"),
  fit("tobit-logistic", Surv(durable, durable > 0, type = "left") ~ age + quant, tobin, "logistic"),
  fit("exponential", Surv(time, cens) ~ treat, gehan, "exponential"),
  fit("weibull", Surv(time, cens) ~ treat, gehan, "weibull"),
  fit("lognormal", Surv(time, cens) ~ treat, gehan, "lognormal"),
  fit("loglogistic", Surv(time, cens) ~ treat, gehan, "loglogistic"),
  fit("lognormal-interval", Surv(lo, hi, type = "interval2") ~ treat, gehan, "lognormal"),
  fit("weibull-interval", Surv(lo, hi, type = "interval2") ~ treat, gehan, "weibull")
), collapse = ",\n"))
cat("\n ]\n}\n")
