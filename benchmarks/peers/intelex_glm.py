"""scikit-learn under Intel's extension: least squares, and logistic regression by lbfgs.

Needs: scikit-learn-intelex
Standard errors: no
"""

import numpy as np
from common import matrix, read, say, words
from sklearnex.linear_model import LinearRegression, LogisticRegression

# The extension has no other solver on a processor and nothing of other families. An infinite C it
# leaves to scikit-learn; with this one the answer has a penalty of 1e-12.
MODEL = {
    "normal": lambda: LinearRegression(),
    "bernoulli": lambda: LogisticRegression(C=1e12, solver="lbfgs", tol=1e-8, max_iter=1000),
}

family, file = words()
frame = read(file)
X, names = matrix(frame)
model = MODEL[family]().fit(X, frame["y"].to_numpy())
found = np.concatenate([np.ravel(model.intercept_), np.ravel(model.coef_)])
say("mu", ["Intercept", *names], found)
