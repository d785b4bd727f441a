"""statsmodels: multinomial logistic regression.

Needs: statsmodels
Standard errors: yes
"""

import numpy as np
from common import matrix, read, say, words
from statsmodels.discrete.discrete_model import MNLogit

_, file = words()
frame = read(file)
X, names = matrix(frame)
X = np.column_stack([np.ones(len(X)), X])
fit = MNLogit(frame["y"].to_physical().to_numpy(), X).fit(method="newton", disp=0, tol=1e-10)
fit.bse  # noqa: B018 (reading it computes it)
for level, column in zip(frame["y"].dtype.categories[1:], fit.params.T, strict=True):
    say(level, ["Intercept", *names], column)
