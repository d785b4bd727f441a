# R: rq of quantreg, interior point with preprocessing.
# Needs: quantreg
# Standard errors: no
suppressMessages(library(quantreg))
fit <- rq(y ~ ., as.numeric(setting), frame, method = "pfn")
say("mu", coef(fit))
