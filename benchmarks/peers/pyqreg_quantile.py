"""pyqreg: quantile regression by an interior point, with preprocessing from 100,000 rows.

Needs: pyqreg
Standard errors: yes
"""

import numpy as np
from common import matrix, read, say, words
from pyqreg import QuantReg

level, file = words()
frame = read(file)
X, names = matrix(frame)
X = np.asfortranarray(np.column_stack([X, np.ones(len(X))]))
y = frame["y"].to_numpy().astype(float)
fit = QuantReg(y, X).fit(float(level), cov_type="iid", seed=1)
say("mu", [*names, "Intercept"], fit.params)
