# R: gam of mgcv with the family gaulss, of which the log link has no lower limit.
# Needs: mgcv
# Standard errors: yes
suppressMessages(library(mgcv))
fit <- gam(list(y ~ x1 + x2, ~z), family = gaulss(b = 0), data = frame)
invisible(summary(fit))
say("mu", coef(fit)[1:3])
say("sigma", coef(fit)[4:5], c("Intercept", "z"))
