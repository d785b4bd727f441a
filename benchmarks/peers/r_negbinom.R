# R: glm.nb of MASS.
# Needs: MASS
# Standard errors: yes
suppressMessages(library(MASS))
fit <- glm.nb(y ~ ., frame, control = glm.control(epsilon = 1e-12, maxit = 100))
invisible(summary(fit))
say("mu", coef(fit))
say("k", fit$theta, "")
