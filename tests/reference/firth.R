# Write firth_r.json: Jeffreys' prior by R's brglm2, which knows of no profile intervals.
#
#     Rscript tests/reference/firth.R          (from the root, a few seconds)

suppressPackageStartupMessages(library(brglm2))

parted <- data.frame(
  x = 1:8, z = c(0.3, -0.2, 0.9, 0.1, -1.0, 0.4, 0.6, -0.7),
  hit = c(0, 0, 0, 0, 1, 1, 1, 1), count = c(0, 0, 0, 0, 0, 1, 0, 6)
)
calls <- read.csv(file.path("sample_data", "callbacks.csv"))
calls$call <- as.integer(calls$call == "yes")
girls <- read.csv(file.path("sample_data", "menarche.csv"))
visits <- read.csv(file.path("sample_data", "doctor_visits.csv"))

line <- function(id, data, formula, family, link, kind, frame, trials = NULL) {
  fit <- glm(
    as.formula(formula), family = kind, data = frame, method = "brglmFit",
    type = "MPL_Jeffreys", epsilon = 1e-13, maxit = 10000
  )
  table <- summary(fit)$coefficients
  quoted <- function(x) paste0("[", paste0('"', sprintf("%.17g", x), '"', collapse = ", "), "]")
  sprintf(
    paste0(
      '  {"id": "%s", "data": "%s", "formula": "%s", "family": "%s", "link": "%s",\n',
      '   "estimate": %s,\n   "std_error": %s}'
    ),
    id, data, formula, family, link, quoted(table[, 1]), quoted(table[, 2])
  )
}

rows <- c(
  line("parted logit", "parted", "hit ~ x + z", "bernoulli", "logit", binomial("logit"), parted),
  line("parted probit", "parted", "hit ~ x + z", "bernoulli", "probit", binomial("probit"), parted),
  line("parted cloglog", "parted", "hit ~ x + z", "bernoulli", "cloglog", binomial("cloglog"), parted),
  line("parted counts", "parted", "count ~ x + z", "poisson", "log", poisson("log"), parted),
  line("callbacks", "callbacks.csv", "call ~ ethnicity + gender + experience", "bernoulli", "logit",
       binomial("logit"), calls),
  line("visits", "doctor_visits.csv", "visits ~ age + income + illness", "poisson", "log",
       poisson("log"), visits)
)

writeLines(c(
  "{",
  sprintf(' "program": "%s, brglm2 %s",', R.version.string, packageVersion("brglm2")),
  ' "command": "Rscript tests/reference/firth.R",',
  sprintf(' "date": "%s",', Sys.Date()),
  ' "models": [', paste(rows, collapse = ",\n"), " ]", "}"
), file.path("tests", "reference", "firth_r.json"))
