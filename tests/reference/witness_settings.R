# Write witness_settings.json: families with a setting and the quasi errors, by other programs.
#
#     Rscript tests/reference/witness_settings.R          (from the root, a second)
#
# quantreg's rq gives the vertex of quantile regression; glm with a quasi family gives the
# Pearson dispersion and the errors and t tests that follow from it; MASS's rlm gives Huber's
# coefficients at a scale of its own. glm and rlm are made to take many steps.

suppressPackageStartupMessages({
  library(MASS)
  library(quantreg)
})

digits <- function(x) sprintf("%.17g", x)
steps <- glm.control(epsilon = 1e-300, maxit = 60)
read <- function(name) {
  frame <- read.csv(file.path("sample_data", name))
  text <- names(frame)[sapply(frame, is.character)]
  frame[text] <- lapply(frame[text], function(x) factor(x, sort(unique(x), method = "radix")))
  frame
}

houses <- read("house_prices.csv")
visits <- read("doctor_visits.csv")
girls <- read("menarche.csv")
claims <- read("insurance.csv")
repeated <- houses[rep(seq_len(nrow(houses)), houses$stories), ]

quantile_fit <- function(tau) {
  fit <- rq(price ~ lotsize + bedrooms, tau = tau, data = houses)
  r <- resid(fit)
  cost <- mean(r * (tau - (r < 0)))
  list(
    data = "house_prices.csv", formula = "price ~ lotsize + bedrooms", tau = digits(tau),
    estimate = digits(coef(fit)), mean_pinball_loss = digits(cost)
  )
}

huber_fit <- function(k) {
  fit <- rlm(
    price ~ lotsize + bedrooms, houses, psi = psi.huber, k = k, maxit = 500, acc = 1e-14
  )
  list(
    data = "house_prices.csv", formula = "price ~ lotsize + bedrooms", k = digits(k),
    scale = digits(fit$s), estimate = digits(coef(fit))
  )
}

quasi_fit <- function(data, formula, family, fit, options = NULL) {
  call <- paste(trimws(deparse(fit$call)), collapse = " ")
  # glm keeps the weights of its last step but one; begun at its own end it has exact ones
  again <- fit$call
  again$start <- coef(fit)
  fit <- eval(again)
  table <- summary(fit)
  found <- table$coefficients
  ends <- coef(fit) + outer(found[, 2], qt(c(0.025, 0.975), fit$df.residual))
  list(
    data = data, formula = formula, family = family, options = options,
    call = call, dispersion = digits(table$dispersion),
    estimate = digits(found[, 1]), std_error = digits(found[, 2]),
    t = digits(found[, 3]), p_value = digits(found[, 4]),
    conf_low = digits(ends[, 1]), conf_high = digits(ends[, 2])
  )
}

document <- list(
  program = R.version.string,
  packages = list(
    quantreg = as.character(packageVersion("quantreg")),
    MASS = as.character(packageVersion("MASS"))
  ),
  command = "Rscript tests/reference/witness_settings.R",
  date = format(Sys.Date()),
  quantiles = lapply(c(0.1, 0.25, 0.9), quantile_fit),
  huber = lapply(c(1.345, 2), huber_fit),
  # glm warns because it was not allowed to stop
  quasi = suppressWarnings(list(
    quasi_fit(
      "doctor_visits.csv", "visits ~ age + income + illness", "poisson",
      glm(visits ~ age + income + illness, quasipoisson, visits, control = steps)
    ),
    quasi_fit(
      "insurance.csv", "claims ~ group", "poisson",
      glm(claims ~ group, quasipoisson, claims, offset = log(holders), control = steps),
      options = list(exposure = "holders")
    ),
    quasi_fit(
      "house_prices.csv", "garage ~ bedrooms", "poisson",
      glm(garage ~ bedrooms, quasipoisson, repeated, control = steps),
      options = list(freq_weights = "stories")
    ),
    quasi_fit(
      "menarche.csv", "menarche ~ age", "binomial",
      glm(cbind(menarche, total - menarche) ~ age, quasibinomial, girls, control = steps),
      options = list(trials = "total")
    ),
    quasi_fit(
      "menarche.csv", "menarche ~ age", "binomial",
      glm(
        cbind(menarche, total - menarche) ~ age, quasibinomial("probit"), girls, control = steps
      ),
      options = list(trials = "total", link = "probit")
    )
  ))
)

json <- jsonlite::toJSON(document, auto_unbox = TRUE, pretty = 1, null = "null")
writeLines(json, "tests/reference/witness_settings.json")
