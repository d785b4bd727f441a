# Write term_tests.json: tests of terms by R's anova, drop1, car::Anova and lmtest::waldtest.
#
#     Rscript tests/reference/term_tests.R          (from the root, a few seconds)
#
# Every record: the command, the options of the fit, and the rows (terms, test, statistic, df, p).

suppressPackageStartupMessages({
  library(MASS); library(survival); library(car); library(lmtest); library(sandwich)
})

digits <- function(x) ifelse(is.na(x), "null", sprintf("%.17g", x))
tight <- glm.control(epsilon = 1e-15, maxit = 200)
read <- function(name) read.csv(file.path("sample_data", name), stringsAsFactors = TRUE)

visits <- read("doctor_visits.csv")
calls <- read("callbacks.csv")
houses <- read("house_prices.csv")
claims <- read("insurance.csv")
girls <- read("menarche.csv")
leukemia <- read("leukemia.csv")

row <- function(terms, test, statistic, df, p, aic = NA) {
  sprintf('      {"terms": "%s", "test": "%s", "statistic": %s, "df": %d, "p_value": %s, "aic_change": %s}',
          terms, test, digits(statistic), as.integer(df), digits(p), digits(aic))
}
case <- function(name, r, data, formula, options, kind, rows) {
  sprintf('    {"name": "%s", "r": "%s",\n     "data": "%s", "formula": "%s",\n     "options": %s, "key": "%s", "rows": [\n%s]}',
          name, gsub('"', "'", r), data, formula, options, kind, paste(rows, collapse = ",\n"))
}
above <- function(x, df) pchisq(x, df, lower.tail = FALSE)

# glm stops by the deviance, which no longer sees the last digits of coefficients and covariance
polished <- function(m) {
  for (i in 1:4) m <- update(m, start = coef(m))
  m
}

# likelihood ratio, score with expected information, and Wald of nested glms
three <- function(terms, large, small, vcov. = vcov) {
  lr <- anova(small, large, test = "LRT")
  rao <- anova(small, large, test = "Rao")
  wald <- waldtest(large, small, test = "Chisq", vcov = vcov.)
  c(row(terms, "likelihood ratio", lr$Deviance[2], lr$Df[2], above(lr$Deviance[2], lr$Df[2])),
    row(terms, "Wald", wald$Chisq[2], abs(wald$Df[2]), above(wald$Chisq[2], abs(wald$Df[2]))),
    row(terms, "score", rao$Rao[2], rao$Df[2], above(rao$Rao[2], rao$Df[2])))
}
f_test <- function(terms, table, column = "F") {
  row(terms, "F", table[[column]][2], abs(table$Df[2]), table[["Pr(>F)"]][2])
}

cases <- c()

large <- glm(visits ~ age + illness + health + private, poisson, visits, control = tight)
cases <- c(cases, case("poisson", "anova(m0, m1, test = 'LRT' and 'Rao'), lmtest::waldtest",
  "doctor_visits.csv", "visits ~ age + illness + health + private",
  '{"family": "poisson", "test": "health + private"}', "tests",
  three("health + private", large, update(large, . ~ . - health - private))))

# expected and observed information differ: vcov is of the expected one
large <- polished(glm(call ~ experience + honors * city, binomial("probit"), calls, control = tight))
cases <- c(cases, case("probit", "anova(m0, m1, test = 'LRT' and 'Rao'), lmtest::waldtest",
  "callbacks.csv", "call ~ experience + honors * city",
  '{"family": "bernoulli", "link": "probit", "se": "expected", "test": "honors + honors:city"}', "tests",
  three("honors + honors:city", large,
        polished(update(large, . ~ . - honors - honors:city, start = NULL)))))

large <- glm(cbind(menarche, total - menarche) ~ age + I(age^2), binomial("cloglog"), girls, control = tight)
cases <- c(cases, case("binomial", "anova(m0, m1, test = 'LRT' and 'Rao'), lmtest::waldtest",
  "menarche.csv", "menarche ~ age + I(age^2)",
  '{"family": "binomial", "link": "cloglog", "trials": "total", "se": "expected", "test": "I(age^2)"}', "tests",
  three("I(age^2)", large, update(large, . ~ . - I(age^2)))))

large <- glm(claims ~ C(factor(district)) + group + age + offset(log(holders)), poisson, claims, control = tight)
cases <- c(cases, case("factors", "anova(m0, m1, test = 'LRT' and 'Rao'), lmtest::waldtest",
  "insurance.csv", "claims ~ C(district) + group + age",
  '{"family": "poisson", "exposure": "holders", "test": "C(district)"}', "tests",
  three("C(district)", large, update(large, . ~ . - C(factor(district))))))

table <- drop1(large, test = "LRT")
cases <- c(cases, case("drop1", "drop1(m, test = 'LRT')",
  "insurance.csv", "claims ~ C(district) + group + age",
  '{"family": "poisson", "exposure": "holders", "anova": true}', "anova",
  row(c("C(district)", "group", "age"), "likelihood ratio", table$LRT[-1], table$Df[-1],
      above(table$LRT[-1], table$Df[-1]), table$AIC[-1] - table$AIC[1])))

large <- glm(call ~ honors * city + gender, binomial, calls, control = tight)
table <- Anova(large, type = 2, test.statistic = "LR")
cases <- c(cases, case("type II", "car::Anova(m, type = 2, test.statistic = 'LR')",
  "callbacks.csv", "call ~ honors * city + gender",
  '{"family": "bernoulli", "anova": true}', "anova",
  row(rownames(table), "likelihood ratio", table[["LR Chisq"]], table$Df,
      above(table[["LR Chisq"]], table$Df))))

large <- lm(price ~ lotsize + bedrooms + driveway * aircon, houses)
cases <- c(cases, case("lm", "anova(lm0, lm1)",
  "house_prices.csv", "price ~ lotsize + bedrooms + driveway * aircon",
  '{"family": "normal", "small_sample": true, "test": "lotsize + bedrooms"}', "tests",
  f_test("lotsize + bedrooms", anova(update(large, . ~ . - lotsize - bedrooms), large))))
table <- Anova(large, type = 2)
k <- nrow(table) - 1
cases <- c(cases, case("lm type II", "car::Anova(lm, type = 2)",
  "house_prices.csv", "price ~ lotsize + bedrooms + driveway * aircon",
  '{"family": "normal", "small_sample": true, "anova": true}', "anova",
  row(rownames(table)[1:k], "F", table[["F value"]][1:k], table$Df[1:k], table[["Pr(>F)"]][1:k])))

robust <- function(kind) function(m) vcovHC(m, type = kind)
small <- update(large, . ~ . - lotsize - bedrooms)
wald <- waldtest(large, small, test = "Chisq", vcov = robust("HC0"))
cases <- c(cases, case("sandwich", "lmtest::waldtest(lm, vcov = sandwich::vcovHC(type = 'HC0'))",
  "house_prices.csv", "price ~ lotsize + bedrooms + driveway * aircon",
  '{"family": "normal", "se": "HC0", "test": "lotsize + bedrooms"}', "tests",
  row("lotsize + bedrooms", "Wald", wald$Chisq[2], 2, above(wald$Chisq[2], 2))))

large <- glm(visits ~ age + illness + health, quasipoisson, visits, control = tight)
cases <- c(cases, case("quasi", "anova(m0, m1, test = 'F'), quasipoisson",
  "doctor_visits.csv", "visits ~ age + illness + health",
  '{"family": "poisson", "se": "quasi", "test": "age + health"}', "tests",
  f_test("age + health", anova(update(large, . ~ . - age - health), large, test = "F"))))

base <- glm(claims ~ age + offset(log(holders)), poisson, claims, control = tight)
scope <- ~ . + C(factor(district)) + group
more <- add1(base, scope, test = "LRT")[-1, ]
# the Rao score of add1 is 0 beside an offset, so it is anova's
rao <- c(anova(base, update(base, . ~ . + C(factor(district))), test = "Rao")$Rao[2],
         anova(base, update(base, . ~ . + group), test = "Rao")$Rao[2])
cases <- c(cases, case("add1", "add1(m, test = 'LRT'), anova(m, m1, test = 'Rao')",
  "insurance.csv", "claims ~ age",
  '{"family": "poisson", "exposure": "holders", "test": ["+ C(district)", "+ group"]}', "tests",
  c(row(c("C(district)", "group"), "likelihood ratio", more$LRT, more$Df, above(more$LRT, more$Df),
        AIC(base) - more$AIC),
    row(c("C(district)", "group"), "score", rao, more$Df, above(rao, more$Df)))))

# a size that is known: glm with MASS's negative.binomial, its dispersion held at 1
large <- polished(glm(visits ~ age + illness + private, negative.binomial(0.5), visits, control = tight))
small <- polished(update(large, . ~ . - age - private, start = NULL))
X <- model.matrix(large); mu <- fitted(small)
U <- crossprod(X, (visits$visits - mu) / (1 + mu / 0.5))
rao <- sum(U * solve(crossprod(X, X * mu * (1 + visits$visits / 0.5) / (1 + mu / 0.5)^2), U))  # observed
lr <- small$deviance - large$deviance
cases <- c(cases, case("negbinom, size held", "glm(negative.binomial(0.5)): deviances, U' I^-1 U",
  "doctor_visits.csv", "visits ~ age + illness + private",
  '{"family": "negbinom", "fix": "k=0.5", "test": "age + private"}', "tests",
  c(row("age + private", "likelihood ratio", lr, 2, above(lr, 2)),
    row("age + private", "score", rao, 2, above(rao, 2)))))

ratio <- function(name, r, data, formula, options, terms, large, small, df) {
  x <- 2 * (as.numeric(large) - as.numeric(small))
  case(name, r, data, formula, options, "tests", row(terms, "likelihood ratio", x, df, above(x, df)))
}
nb <- function(formula) logLik(glm.nb(formula, visits, control = glm.control(epsilon = 1e-14, maxit = 200)))
cases <- c(cases, ratio("negbinom", "logLik(MASS::glm.nb), theta estimated in each",
  "doctor_visits.csv", "visits ~ age + illness + private",
  '{"family": "negbinom", "test": "age + private"}', "age + private",
  nb(visits ~ age + illness + private), nb(visits ~ illness), 2))

# the shape of a gamma at its own maximum; the mean does not depend on it
gamma_height <- function(formula) {
  m <- glm(formula, Gamma("log"), houses, control = tight)
  shape <- gamma.shape(m, it.lim = 100, eps.max = 1e-12)$alpha
  sum(dgamma(m$y, shape, shape / fitted(m), log = TRUE))
}
cases <- c(cases, ratio("gamma", "glm(Gamma('log')), MASS::gamma.shape",
  "house_prices.csv", "price ~ log(lotsize) + prefer + garage",
  '{"family": "gamma", "test": "prefer + garage"}', "prefer + garage",
  gamma_height(price ~ log(lotsize) + prefer + garage), gamma_height(price ~ log(lotsize)), 2))

weibull <- function(formula) {
  logLik(survreg(formula, leukemia, dist = "weibull", control = survreg.control(rel.tolerance = 1e-14, maxiter = 200)))
}
cases <- c(cases, ratio("weibull", "logLik(survival::survreg(dist = 'weibull'))",
  "leukemia.csv", "time ~ treat",
  '{"family": "weibull", "event": "cens", "test": "treat"}', "treat",
  weibull(Surv(time, cens) ~ treat), weibull(Surv(time, cens) ~ 1), 1))

large <- lm(price ~ bathrooms + stories + garage, houses)
rows <- function(hypothesis, equation) {
  chi <- linearHypothesis(large, hypothesis, test = "Chisq", vcov = robust("HC0"))
  row(equation, "Wald", chi$Chisq[2], 1, above(chi$Chisq[2], 1))
}
cases <- c(cases, case("equation, sandwich", "car::linearHypothesis(lm, vcov = sandwich::vcovHC(type = 'HC0'))",
  "house_prices.csv", "price ~ bathrooms + stories + garage",
  '{"family": "normal", "se": "HC0", "test": ["b[bathrooms] = b[stories]", "b[garage] = 5000"]}', "tests",
  c(rows("bathrooms = stories", "b[bathrooms] = b[stories]"), rows("garage = 5000", "b[garage] = 5000"))))
same <- linearHypothesis(large, "bathrooms = 2 * stories")
cases <- c(cases, case("equation, F", "car::linearHypothesis(lm)",
  "house_prices.csv", "price ~ bathrooms + stories + garage",
  '{"family": "normal", "small_sample": true, "test": "b[bathrooms] = 2 * b[stories]"}', "tests",
  c(row("b[bathrooms] = 2 * b[stories]", "F", same$F[2], 1, same[["Pr(>F)"]][2]),
    row("b[bathrooms] = 2 * b[stories]", "Wald", same$F[2], 1, same[["Pr(>F)"]][2]))))

versions <- paste(vapply(c("MASS", "survival", "car", "lmtest", "sandwich"),
                         function(p) paste(p, packageVersion(p)), ""), collapse = ", ")
writeLines(c(
  "{",
  sprintf('  "program": "%s, %s",', R.version.string, versions),
  '  "command": "Rscript tests/reference/term_tests.R",',
  '  "cases": [',
  paste(cases, collapse = ",\n"),
  "  ]",
  "}"
), file.path("tests", "reference", "term_tests.json"))
