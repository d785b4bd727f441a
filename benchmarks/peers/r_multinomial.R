# R: multinom of nnet.
# Needs: nnet
# Standard errors: yes
suppressMessages(library(nnet))
fit <- multinom(y ~ ., frame, maxit = 1000, reltol = 1e-14, abstol = 0, trace = FALSE, Hess = TRUE)
invisible(summary(fit))
for (level in rownames(coef(fit))) say(level, coef(fit)[level, ])
