"""adelie: logistic regression under an L1 penalty.

Needs: adelie
Standard errors: no
"""

import adelie
import numpy as np
from common import matrix, read, say, words

setting, file = words()
frame = read(file)
X, names = matrix(frame)
X = np.asfortranarray(X)
y = frame["y"].to_numpy().astype(float)
highest = np.abs(X.T @ (y - y.mean())).max() / len(y)
strengths = {"one": np.array([0.01]), "path": highest * np.logspace(0, -4, 100)}[setting]
fit = adelie.grpnet(
    X,
    adelie.glm.binomial(y),
    lmda_path=strengths,
    tol=1e-12,
    irls_tol=1e-10,
    early_exit=False,
    progress_bar=False,
    n_threads=2,
)
for step, (intercept, row) in enumerate(zip(fit.intercepts, fit.betas.toarray(), strict=True), 1):
    say("mu" if setting == "one" else f"{step} mu", ["Intercept", *names], [intercept, *row])
