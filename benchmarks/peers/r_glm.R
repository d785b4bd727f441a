# R: glm, and lm for least squares.
# Needs: stats
# Standard errors: yes
fit <- if (setting == "normal") {
  lm(y ~ ., frame)
} else {
  family <- switch(setting, poisson = poisson(), bernoulli = binomial(), gamma = Gamma("log"))
  glm(y ~ ., family, frame, control = glm.control(epsilon = 1e-12, maxit = 100))
}
invisible(summary(fit))
terms <- names(coef(fit))
for (name in names(fit$xlevels)) terms <- sub(paste0("^", name, "(.+)$"), paste0(name, "[\\1]"), terms)
say("mu", coef(fit), terms)
