# Write r.json: the same fits by R's lm and glm, quantreg's rq and the sandwich package.
#
#     Rscript tests/reference/witness.R          (from the root, a few seconds)
#
# Every number is written with 17 digits, which give a double back exactly. glm stops
# when the deviance stands still, long before the coefficients do where the link is not
# canonical; so it is made to take a fixed number of steps, and what is left of the
# score is looked at. Levels are sorted as bytes, as in mlefit.

suppressPackageStartupMessages({
  library(quantreg)
  library(sandwich)
})

digits <- function(x) sprintf("%.17g", x)
steps <- glm.control(epsilon = 1e-300, maxit = 60)
tolerance <- 1e-9 # of the score, in standard errors

read <- function(name) {
  frame <- read.csv(file.path("sample_data", name))
  for (column in names(frame)) {
    if (is.character(frame[[column]])) {
      levels <- sort(unique(frame[[column]]), method = "radix")
      frame[[column]] <- factor(frame[[column]], levels)
    }
  }
  frame
}

houses <- read("house_prices.csv")
heights <- read("heights.csv")
rivers <- read("rivers.csv")
visits <- read("doctor_visits.csv")
calls <- read("callbacks.csv")
claims <- read("insurance.csv")
claims$district <- factor(claims$district)
girls <- read("menarche.csv")

# R's "gendermale" as mlefit's "gender[male]"; `labels` renames factors.
terms_of <- function(fit, labels = c()) {
  names <- sub("(Intercept)", "Intercept", names(coef(fit)), fixed = TRUE)
  for (factor in names(fit$xlevels)) {
    label <- if (factor %in% names(labels)) labels[[factor]] else factor
    for (level in fit$xlevels[[factor]]) {
      names[names == paste0(factor, level)] <- paste0(label, "[", level, "]")
    }
  }
  names
}

root_diagonal <- function(covariance) I(digits(sqrt(diag(covariance))))

sandwiches <- function(fit, cluster = NULL) {
  kinds <- c("HC0", "HC1", "HC2", "HC3")
  errors <- lapply(kinds, function(kind) root_diagonal(vcovHC(fit, type = kind)))
  names(errors) <- kinds
  if (!is.null(cluster)) {
    errors$cluster <- root_diagonal(vcovCL(fit, cluster, type = "HC0", cadjust = FALSE))
  }
  errors
}

# One entry: what mlefit is asked for, and the numbers R gives.
entry <- function(id, data, formula, family, fit, errors, numbers,
                  link = NULL, options = NULL, labels = c()) {
  list(
    id = id, data = data, formula = formula, family = family, link = link,
    options = options, call = paste(trimws(deparse(fit$call)), collapse = " "),
    numbers = lapply(numbers, digits),
    terms = I(terms_of(fit, labels)),
    estimate = I(digits(coef(fit))),
    std_error = errors
  )
}

fit_numbers <- function(fit, null_deviance) {
  list(
    log_likelihood = as.numeric(logLik(fit)), aic = AIC(fit), bic = BIC(fit),
    deviance = deviance(fit), null_deviance = null_deviance, df_residual = df.residual(fit)
  )
}

# What lm says of a fit, with n - p in the errors and in sigma.
linear <- function(id, data, formula, fit, cluster = NULL, options = NULL) {
  y <- model.response(model.frame(fit))
  w <- if (is.null(weights(fit))) rep(1, length(y)) else weights(fit)
  null_deviance <- sum(w * (y - weighted.mean(y, w))^2)
  errors <- c(list(small_sample = root_diagonal(vcov(fit))), sandwiches(fit, cluster))
  numbers <- c(fit_numbers(fit, null_deviance), list(small_sample_sigma = summary(fit)$sigma))
  entry(id, data, formula, "normal", fit, errors, numbers, options = options)
}

# What glm says; its errors are from the expected information. The sandwich package puts
# that between its slices too, so sandwiches are written for canonical links only, where
# it is also the observed information.
generalised <- function(id, data, formula, family, fit, cluster = NULL, link = NULL,
                        options = NULL, labels = c()) {
  check_score(fit)
  canonical <- fit$family$link %in% c("log", "logit")
  errors <- c(list(expected = root_diagonal(vcov(fit))), if (canonical) sandwiches(fit, cluster))
  entry(
    id, data, formula, family, fit, errors, fit_numbers(fit, fit$null.deviance),
    link = link, options = options, labels = labels
  )
}

check_score <- function(fit) {
  distance <- max(abs(colSums(estfun(fit)) * sqrt(diag(vcov(fit)))))
  if (distance > tolerance) stop("glm has not settled: ", distance)
}

# Sampling weights: estimates and sandwiches only, the likelihood is not one.
sampled <- function(id, data, formula, family, fit, weights) {
  entry(
    id, data, formula, family, fit, sandwiches(fit), list(),
    options = list(sampling_weights = weights)
  )
}

# Medians: an exact vertex, and the log-likelihood of Laplace errors about it.
median_fit <- function(id, data, formula, fit) {
  b <- mean(abs(resid(fit)))
  numbers <- list(b = b, log_likelihood = -length(resid(fit)) * (log(2 * b) + 1))
  entry(id, data, formula, "laplace", fit, NULL, numbers)
}

house_lines <- function() {
  formula <- log(price) ~ log(lotsize) + bedrooms + bathrooms + aircon
  text <- "log(price) ~ log(lotsize) + bedrooms + bathrooms + aircon"
  weighted <- log(price) ~ log(lotsize) + aircon
  weighted_text <- "log(price) ~ log(lotsize) + aircon"
  repeated <- houses[rep(seq_len(nrow(houses)), houses$stories), ]
  list(
    linear(
      "house prices, lm", "house_prices.csv", text, lm(formula, houses),
      cluster = houses$garage, options = list(cluster = "garage")
    ),
    linear(
      "house prices, lm with precision weights", "house_prices.csv", weighted_text,
      lm(weighted, houses, weights = stories), options = list(precision_weights = "stories")
    ),
    linear(
      "house prices, lm on repeated rows", "house_prices.csv", weighted_text,
      lm(weighted, repeated), options = list(freq_weights = "stories")
    ),
    sampled(
      "house prices, lm with sampling weights", "house_prices.csv", weighted_text, "normal",
      lm(weighted, houses, weights = stories), "stories"
    ),
    median_fit(
      "house prices, rq", "house_prices.csv", text, rq(formula, tau = 0.5, houses)
    ),
    generalised(
      "house prices, glm poisson on repeated rows", "house_prices.csv",
      "garage ~ log(lotsize) + aircon", "poisson",
      glm(garage ~ log(lotsize) + aircon, poisson, repeated, control = steps),
      options = list(freq_weights = "stories")
    ),
    sampled(
      "house prices, glm poisson with sampling weights", "house_prices.csv",
      "garage ~ log(lotsize) + aircon", "poisson",
      glm(garage ~ log(lotsize) + aircon, poisson, houses, weights = stories, control = steps),
      "stories"
    )
  )
}

height_lines <- function() {
  text <- "height_inches ~ midparent_inches"
  list(
    linear("heights, lm", "heights.csv", text, lm(height_inches ~ midparent_inches, heights)),
    median_fit(
      "heights, rq", "heights.csv", text, rq(height_inches ~ midparent_inches, tau = 0.5, heights)
    ),
    median_fit(
      "rivers, rq", "rivers.csv", "length_miles ~ 1", rq(length_miles ~ 1, tau = 0.5, rivers)
    )
  )
}

count_lines <- function() {
  list(
    generalised(
      "doctor visits, glm poisson", "doctor_visits.csv",
      "visits ~ gender + age + income + illness + health", "poisson",
      glm(visits ~ gender + age + income + illness + health, poisson, visits, control = steps),
      cluster = visits$reduced, options = list(cluster = "reduced")
    ),
    generalised(
      "doctor visits, glm poisson with an offset", "doctor_visits.csv",
      "visits ~ gender + illness", "poisson",
      glm(visits ~ gender + illness, poisson, visits, offset = income, control = steps),
      options = list(offset = "income")
    ),
    generalised(
      "insurance, glm poisson with the log of an exposure as offset", "insurance.csv",
      "claims ~ C(district) + group + age", "poisson",
      glm(
        claims ~ district + group + age, poisson, claims,
        offset = log(holders), control = steps
      ),
      options = list(exposure = "holders"), labels = c(district = "C(district)")
    )
  )
}

call_lines <- function(link) {
  formula <- call == "yes" ~ ethnicity + gender + quality
  list(generalised(
    paste("callbacks, glm binomial", link), "callbacks.csv",
    "call ~ ethnicity + gender + quality", "bernoulli",
    glm(formula, binomial(link), calls, control = steps),
    cluster = calls$experience, link = paste0("mu=", link), options = list(cluster = "experience")
  ))
}

menarche_lines <- function(link) {
  list(generalised(
    paste("menarche, glm binomial", link), "menarche.csv", "menarche ~ age", "binomial",
    glm(cbind(menarche, total - menarche) ~ age, binomial(link), girls, control = steps),
    link = paste0("mu=", link), options = list(trials = "total")
  ))
}

# JSON with one key or item to a line; I() marks the vectors that are lists at any length.
json <- function(x, indent = "") {
  inner <- paste0(indent, " ")
  wrapped <- function(open, parts, close) {
    if (length(parts) == 0) return(paste0(open, close))
    paste0(open, "\n", paste0(inner, parts, collapse = ",\n"), "\n", indent, close)
  }
  quoted <- function(text) encodeString(text, quote = '"')
  if (is.null(x)) return("null")
  if (is.list(x) && !is.null(names(x))) {
    parts <- mapply(function(k, v) paste0(quoted(k), ": ", json(v, inner)), names(x), x)
    return(wrapped("{", parts, "}"))
  }
  if (is.list(x)) return(wrapped("[", lapply(x, json, inner), "]"))
  if (inherits(x, "AsIs")) paste0("[", paste(quoted(x), collapse = ", "), "]") else quoted(x)
}

packages <- c("quantreg", "sandwich")
document <- list(
  program = R.version.string,
  packages = as.list(sapply(packages, function(p) as.character(packageVersion(p)))),
  command = "Rscript tests/reference/witness.R",
  date = format(Sys.Date()),
  # glm warns because it was not allowed to stop, and of fitted probabilities of 0 and 1
  # at the ends of menarche.csv, where none and all of hundreds of girls are counted.
  models = suppressWarnings(c(
    house_lines(), height_lines(), count_lines(),
    unlist(lapply(c("logit", "probit", "cloglog", "cauchit"), call_lines), recursive = FALSE),
    unlist(lapply(c("logit", "probit", "cloglog"), menarche_lines), recursive = FALSE)
  ))
)
writeLines(json(document), "tests/reference/r.json")
