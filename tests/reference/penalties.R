# Write penalties.json: the modes of tests/test_translations.py, found by glmnet.
#
#     Rscript tests/reference/penalties.R        (from the root, a few seconds)
#
# Each setting is the text that `mlefit prior --to glmnet` prints; only the tolerance is
# tightened. Numbers are written with 17 digits, which give a double back exactly.

suppressPackageStartupMessages(library(glmnet))

houses <- read.csv("sample_data/house_prices.csv")
calls <- head(read.csv("sample_data/callbacks.csv"), 1500)
visits <- head(read.csv("sample_data/doctor_visits.csv"), 600)

targets <- list(
  normal = houses$price / 10000,
  bernoulli = as.integer(calls$call == "yes"),
  poisson = visits$visits
)
columns <- list(
  normal = with(houses, cbind(lotsize / 5000, bedrooms / 2, bathrooms, stories / 2, garage)),
  bernoulli = with(calls, cbind(experience / 10, honors == "yes", computer == "yes")),
  poisson = with(visits, cbind(age, income, illness, health / 4))
)

digits <- function(x) sprintf("\"%.17g\"", x)

entry <- function(family, prior, setting) {
  y <- targets[[family]]
  x <- columns[[family]]
  exactly <- sub(")$", ", thresh = 1e-22, maxit = 1e8)", setting)
  found <- as.vector(coef(eval(parse(text = exactly))))
  sprintf(
    '  {\n   "family": "%s",\n   "prior": "%s",\n   "setting": %s,\n   "coefficients": [%s]\n  }',
    family, prior, encodeString(setting, quote = '"'), paste(digits(found), collapse = ", ")
  )
}

fits <- c(
  entry(
    "normal", "normal",
    'glmnet(x, y, family = "gaussian", alpha = 0, lambda = 0.2443059224, standardize = FALSE)'
  ),
  entry(
    "normal", "laplace",
    'glmnet(x, y, family = "gaussian", alpha = 1, lambda = 0.03663003663, standardize = FALSE)'
  ),
  entry(
    "normal", "elasticnet",
    'glmnet(x, y, family = "gaussian", alpha = 0.1999307836, lambda = 0.07328543602, standardize = FALSE)'
  ),
  entry(
    "bernoulli", "normal",
    'glmnet(x, y, family = "binomial", alpha = 0, lambda = 0.01666666667, standardize = FALSE)'
  ),
  entry(
    "bernoulli", "laplace",
    'glmnet(x, y, family = "binomial", alpha = 1, lambda = 0.006666666667, standardize = FALSE)'
  ),
  entry(
    "bernoulli", "elasticnet",
    'glmnet(x, y, family = "binomial", alpha = 0.4, lambda = 0.006666666667, standardize = FALSE)'
  ),
  entry(
    "poisson", "normal",
    'glmnet(x, y, family = "poisson", alpha = 0, lambda = 0.04166666667, standardize = FALSE)'
  ),
  entry(
    "poisson", "laplace",
    'glmnet(x, y, family = "poisson", alpha = 1, lambda = 0.01666666667, standardize = FALSE)'
  ),
  entry(
    "poisson", "elasticnet",
    'glmnet(x, y, family = "poisson", alpha = 0.4, lambda = 0.01666666667, standardize = FALSE)'
  )
)

writeLines(c(
  "{",
  sprintf(' "program": "%s",', R.version.string),
  sprintf(' "packages": {"glmnet": "%s"},', packageVersion("glmnet")),
  ' "command": "Rscript tests/reference/penalties.R",',
  sprintf(' "date": "%s",', Sys.Date()),
  ' "fits": [',
  paste(fits, collapse = ",\n"),
  " ]",
  "}"
), "tests/reference/penalties.json")
