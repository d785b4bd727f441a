# Rscript lasso.R FILE.csv one|path THRESH: the same fit by glmnet, on the same strengths.
suppressMessages({
  library(glmnet)
  library(data.table)
})
words <- commandArgs(TRUE)
frame <- fread(words[1], data.table = FALSE)
y <- frame$y
X <- as.matrix(frame[, -1])
highest <- max(abs(crossprod(X, y - mean(y)))) / length(y)
lambda <- if (words[2] == "one") 0.01 else highest * 10^seq(0, -4, length.out = 100)
fit <- glmnet(X, y,
  family = "binomial", lambda = lambda, standardize = FALSE, thresh = as.numeric(words[3])
)
if (words[2] == "one") print(coef(fit)) else print(fit)
