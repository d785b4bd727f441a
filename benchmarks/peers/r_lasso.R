# R: glmnet on its own strengths, its default threshold on a path and a tight one at one strength.
# Needs: glmnet
# Standard errors: no
suppressMessages(library(glmnet))
X <- as.matrix(frame[, -1])
one <- setting == "one"
highest <- max(abs(crossprod(X, frame$y - mean(frame$y)))) / nrow(X)
fit <- glmnet(X, frame$y,
  family = "binomial", standardize = FALSE,
  lambda = if (one) 0.01 else highest * 10^seq(0, -4, length.out = 100),
  thresh = if (one) 1e-10 else 1e-7
)
found <- as.matrix(coef(fit))
for (step in seq_len(ncol(found))) {
  say(if (one) "mu" else paste(step, "mu"), found[, step], rownames(found))
}
