# Write compare.json: heights, criteria and likelihood ratios by R's lm, glm and MASS::glm.nb.
#
#     Rscript tests/reference/compare.R          (from the root, a few seconds)
#
# AIC and BIC count the scale, as logLik does; glm.nb counts theta.

suppressPackageStartupMessages(library(MASS))

digits <- function(x) sprintf("%.17g", x)
tight <- glm.control(epsilon = 1e-14, maxit = 100)
read <- function(name) read.csv(file.path("sample_data", name), stringsAsFactors = TRUE)

houses <- read("house_prices.csv")
visits <- read("doctor_visits.csv")
calls <- read("callbacks.csv")

models <- list(
  list("house_prices.csv", "normal", "price ~ lotsize", lm(price ~ lotsize, houses)),
  list("house_prices.csv", "normal", "price ~ lotsize + bedrooms",
       lm(price ~ lotsize + bedrooms, houses)),
  list("doctor_visits.csv", "poisson", "visits ~ age + illness",
       glm(visits ~ age + illness, poisson, visits, control = tight)),
  list("doctor_visits.csv", "poisson", "visits ~ age",
       glm(visits ~ age, poisson, visits, control = tight)),
  list("doctor_visits.csv", "negbinom", "visits ~ age + illness",
       glm.nb(visits ~ age + illness, visits, control = tight)),
  list("callbacks.csv", "bernoulli", "call ~ honors",
       glm(call ~ honors, binomial, calls, control = tight)),
  list("callbacks.csv", "bernoulli", "call ~ honors + city",
       glm(call ~ honors + city, binomial, calls, control = tight))
)

record <- function(model) {
  height <- logLik(model[[4]])
  sprintf(
    paste0('    {"data": "%s", "family": "%s", "formula": "%s", "n_params": %d,\n',
           '     "log_likelihood": %s, "aic": %s, "bic": %s}'),
    model[[1]], model[[2]], model[[3]], attr(height, "df"), digits(as.numeric(height)),
    digits(AIC(model[[4]])), digits(BIC(model[[4]]))
  )
}
above <- function(large, small, df) {
  digits(pchisq(2 * as.numeric(logLik(large) - logLik(small)), df, lower.tail = FALSE))
}
# nested in the family, nested in the edge of the family
ratios <- sprintf(
  '    {"larger": %d, "smaller": %d, "p_value": %s}',
  c(1, 2, 4, 6), c(0, 3, 2, 5),
  c(above(models[[2]][[4]], models[[1]][[4]], 1),
    above(models[[3]][[4]], models[[4]][[4]], 1),
    digits(pchisq(2 * as.numeric(logLik(models[[5]][[4]]) - logLik(models[[3]][[4]])), 1,
                  lower.tail = FALSE) / 2),
    above(models[[7]][[4]], models[[6]][[4]], 1))
)
writeLines(c(
  "{",
  sprintf('  "program": "%s, MASS %s",', R.version.string, packageVersion("MASS")),
  '  "command": "Rscript tests/reference/compare.R",',
  '  "models": [',
  paste(vapply(models, record, ""), collapse = ",\n"),
  "  ],",
  '  "ratios": [',
  paste(ratios, collapse = ",\n"),
  "  ]",
  "}"
), file.path("tests", "reference", "compare.json"))
