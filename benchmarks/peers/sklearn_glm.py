"""scikit-learn: a generalised linear model without penalty.

Needs: scikit-learn
Standard errors: no
"""

import numpy as np
from common import factors, matrix, read, say, words
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
)
from sklearn.preprocessing import OneHotEncoder

family, file = words()
frame = read(file)
texts = factors(frame)
X, names = matrix(frame.drop(texts))
solver = "newton-cholesky"
if texts:
    from scipy import sparse

    codes = np.column_stack([frame[name].to_physical().to_numpy() for name in texts])
    encoder = OneHotEncoder(drop="first")
    X = sparse.hstack([sparse.csr_array(X), encoder.fit_transform(codes)], format="csr")
    names += [f"{name}[{level}]" for name in texts for level in frame[name].dtype.categories[1:]]
    solver = "newton-cg"  # newton-cholesky takes no sparse matrix
model = {
    "poisson": lambda: PoissonRegressor(alpha=0, solver=solver, tol=1e-10),
    "gamma": lambda: GammaRegressor(alpha=0, solver=solver, tol=1e-10),
    "bernoulli": lambda: LogisticRegression(C=np.inf, solver=solver, tol=1e-10, max_iter=200),
    "normal": lambda: LinearRegression(),
}[family]()
model.fit(X, frame["y"].to_numpy())
say(
    "mu", ["Intercept", *names], np.concatenate([np.ravel(model.intercept_), np.ravel(model.coef_)])
)
