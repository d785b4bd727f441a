"""pyfixest: quantile regression by the interior point of Frisch and Newton.

Needs: pyfixest
Standard errors: yes
"""

import pyfixest
from common import read, say, words

level, file = words()
frame = read(file)
terms = " + ".join(name for name in frame.columns if name != "y")
data = frame.to_pandas()
fit = pyfixest.quantreg(f"y ~ {terms}", data, quantile=float(level), vcov="iid", tol=1e-9)
say("mu", fit.coef().index, fit.coef())
