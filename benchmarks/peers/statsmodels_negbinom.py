"""statsmodels: negative binomial regression, its dispersion estimated.

Needs: statsmodels
Standard errors: yes
"""

import numpy as np
from common import matrix, read, say, words
from statsmodels.discrete.discrete_model import NegativeBinomial

_, file = words()
frame = read(file)
X, names = matrix(frame)
X = np.column_stack([np.ones(len(X)), X])
fit = NegativeBinomial(frame["y"].to_numpy(), X).fit(disp=0, gtol=1e-8, maxiter=500)
fit.bse  # noqa: B018 (reading it computes it)
say("mu", ["Intercept", *names], fit.params[:-1])
say("k", [""], [1 / fit.params[-1]])
