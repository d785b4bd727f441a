"""statsmodels: a generalised linear model; least squares by OLS.

Needs: statsmodels
Standard errors: yes
"""

import numpy as np
import statsmodels.api as sm
from common import matrix, read, say, words

FAMILY = {
    "poisson": lambda: sm.families.Poisson(),
    "bernoulli": lambda: sm.families.Binomial(),
    "gamma": lambda: sm.families.Gamma(sm.families.links.Log()),
}

family, file = words()
frame = read(file)
y = frame["y"].to_numpy()
X, names = matrix(frame)
X = np.column_stack([np.ones(len(X)), X])
model = sm.GLM(y, X, FAMILY[family]()) if family in FAMILY else sm.OLS(y, X)
fit = model.fit(tol=1e-12) if family in FAMILY else model.fit()
fit.bse  # noqa: B018 (reading it computes it)
say("mu", ["Intercept", *names], fit.params)
