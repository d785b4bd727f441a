# R: fitdistr of MASS, and for Weibull survreg of survival.
# Needs: survival, MASS
# Standard errors: yes
if (setting == "gamma") {
  fit <- MASS::fitdistr(frame$y, "gamma")$estimate
  say("", c(fit[["shape"]] / fit[["rate"]], fit[["shape"]]), c("mu", "k"))
} else {
  suppressMessages(library(survival))
  fit <- survreg(Surv(y) ~ 1, frame, dist = "weibull", control = survreg.control(rel.tolerance = 1e-12))
  say("", c(exp(coef(fit)), 1 / fit$scale), c("scale", "k"))
}
