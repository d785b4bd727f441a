# Write profile_r.json: profile intervals by R's confint, for glm and for stats4's mle.
#
#     Rscript tests/reference/profile.R          (from the root, a few seconds)
#
# confint walks along the profile in steps of a fifth of the quantile and interpolates the
# signed root by a spline, so it has four or five digits of the distance from the estimate.

suppressPackageStartupMessages({
  library(MASS)
  library(stats4)
})

digits <- function(x) sprintf("%.17g", x)
read <- function(name) {
  frame <- read.csv(file.path("sample_data", name), stringsAsFactors = TRUE)
  for (column in names(frame)) {
    if (is.factor(frame[[column]])) {
      frame[[column]] <- factor(frame[[column]], sort(levels(frame[[column]]), method = "radix"))
    }
  }
  frame
}
steps <- glm.control(epsilon = 1e-14, maxit = 60)
visits <- read("doctor_visits.csv")
calls <- read("callbacks.csv")
rivers <- read("rivers.csv")$length_miles
claims <- read("insurance.csv")

rows_of <- function(fit) {
  found <- suppressWarnings(suppressMessages(confint(fit, level = 0.95)))
  lapply(seq_len(nrow(found)), function(i) {
    list(name = rownames(found)[i], low = digits(found[i, 1]), high = digits(found[i, 2]))
  })
}

weibull <- function(eta, log_k) {
  -sum(dweibull(rivers, shape = exp(log_k), scale = exp(eta), log = TRUE))
}
gamma <- function(eta, log_k) {
  -sum(dgamma(rivers, shape = exp(log_k), scale = exp(eta - log_k), log = TRUE))
}
negbinom <- function(a, b, log_k) {
  mu <- exp(a + b * visits$illness)
  -sum(dnbinom(visits$visits, size = exp(log_k), mu = mu, log = TRUE))
}

models <- list(
  "poisson: visits ~ age + illness" = glm(visits ~ age + illness, poisson, visits, control = steps),
  "bernoulli: call ~ honors + city" = glm(call == "yes" ~ honors + city, binomial, calls, control = steps),
  "poisson: claims ~ group + offset" = glm(claims ~ group + offset(log(holders)), poisson, claims, control = steps),
  "weibull: length_miles ~ 1" = mle(weibull, list(eta = 6.5, log_k = 0.3), control = list(reltol = 1e-15, maxit = 1000)),
  "gamma: length_miles ~ 1" = mle(gamma, list(eta = 6.5, log_k = 0.3), control = list(reltol = 1e-15, maxit = 1000)),
  "negbinom: visits ~ illness" = mle(negbinom, list(a = -1.8, b = 0.35, log_k = -0.6), control = list(reltol = 1e-15, maxit = 1000))
)

quoted <- function(x) paste0('"', x, '"')
cells <- vapply(names(models), function(name) {
  rows <- vapply(rows_of(models[[name]]), function(row) {
    sprintf('{"name": %s, "low": %s, "high": %s}', quoted(row$name), quoted(row$low), quoted(row$high))
  }, "")
  sprintf('  %s: [\n   %s\n  ]', quoted(name), paste(rows, collapse = ",\n   "))
}, "")
writeLines(c(
  "{",
  sprintf(' "program": "R %s.%s, MASS %s, stats4",', R.version$major, R.version$minor, packageVersion("MASS")),
  ' "command": "Rscript tests/reference/profile.R",',
  ' "models": {',
  paste(cells, collapse = ",\n"),
  " }",
  "}"
), "tests/reference/profile_r.json")
