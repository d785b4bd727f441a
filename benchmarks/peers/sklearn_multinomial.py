"""scikit-learn: multinomial logistic regression without penalty.

Needs: scikit-learn
Standard errors: no
"""

import numpy as np
from common import matrix, read, say, words
from sklearn.linear_model import LogisticRegression

_, file = words()
frame = read(file)
X, names = matrix(frame)
model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10, max_iter=200)
model.fit(X, frame["y"].to_physical().to_numpy())
# every class has coefficients here; mlefit's are against the first
table = np.column_stack([model.intercept_, model.coef_])
for level, row in zip(frame["y"].dtype.categories[1:], (table - table[0])[1:], strict=True):
    say(level, ["Intercept", *names], row)
