"""scipy.stats: the fit method of a distribution, its location held at 0.

Needs: scipy
Standard errors: no
"""

from common import read, say, words
from scipy import stats

family, file = words()
y = read(file)["y"].to_numpy()
if family == "gamma":
    shape, _, scale = stats.gamma.fit(y, floc=0)
    say("", ["mu", "k"], [shape * scale, shape])
else:
    shape, _, scale = stats.weibull_min.fit(y, floc=0)
    say("", ["scale", "k"], [scale, shape])
