# Classes and ordered classes as R fits them; run from the root of the repository:
#   Rscript tests/reference/families/witness_classes.R > tests/reference/families/witness_classes.json
library(nnet)
library(MASS)

homes <- read.csv("sample_data/house_prices.csv")
homes$lot <- homes$lotsize / 1000
homes$stories <- factor(homes$stories)
visits <- read.csv("sample_data/doctor_visits.csv")
visits <- visits[visits$health < 4, ]
visits$health <- factor(visits$health)

text <- function(names, values) {
  paste(sprintf('"%s": %s', names, format(values, digits = 15)), collapse = ", ")
}

case <- function(id, family, link, data, target, names, estimates, errors, height) {
  sprintf(
    ' {"id": "%s", "family": "%s", "link": "%s", "data": "%s", "formula": "%s",\n  "log_likelihood": %s,\n  "estimates": {%s},\n  "errors": {%s}}',
    id, family, link, data, target, format(height, digits = 15),
    text(names, estimates), text(names, errors)
  )
}

multinomial <- function(id, formula, frame, data, written) {
  fit <- multinom(formula, frame, reltol = 1e-15, abstol = 1e-12, maxit = 10000, Hess = TRUE, trace = FALSE)
  b <- t(coef(fit))
  errors <- t(summary(fit)$standard.errors)
  names <- outer(rownames(b), colnames(b), function(term, class) paste(class, term, sep = ":"))
  case(id, "categorical", "logit", data, written, names, b, errors, as.numeric(logLik(fit)))
}

# not method = "cauchit": polr stops where the slope in the first coefficient is 3.4, and the
# height it reports, -608.52, is not that of its coefficients, -605.02; the maximum is -604.98
cumulative <- function(id, formula, method, link) {
  fit <- polr(formula, homes, method = method, Hess = TRUE, control = list(reltol = 1e-15, maxit = 10000))
  all <- c(coef(fit), fit$zeta)
  errors <- sqrt(diag(vcov(fit)))
  case(id, "ordinal", link, "house_prices.csv", "stories ~ I(lotsize / 1000) + driveway", names(all), all,
       errors[names(all)], as.numeric(logLik(fit)))
}

cat("{\"program\": \"", R.version.string, "; nnet ", as.character(packageVersion("nnet")), ", MASS ",
    as.character(packageVersion("MASS")), "\",\n\"cases\": [\n", sep = "")
cat(paste(c(
  multinomial("visits", health ~ age + income + gender, visits, "doctor_visits.csv", "health ~ age + income + gender"),
  multinomial("homes", stories ~ lot + aircon, homes, "house_prices.csv", "stories ~ I(lotsize / 1000) + aircon"),
  cumulative("logit", stories ~ lot + driveway, "logistic", "logit"),
  cumulative("probit", stories ~ lot + driveway, "probit", "probit"),
  cumulative("cloglog", stories ~ lot + driveway, "cloglog", "cloglog"),
  cumulative("loglog", stories ~ lot + driveway, "loglog", "loglog")
), collapse = ",\n"))
cat("\n]}\n")
