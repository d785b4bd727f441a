"""pyfixest: a generalised linear model whose factors are absorbed, so only slopes are told.

Needs: pyfixest
Standard errors: of the slopes
"""

import pyfixest
from common import factors, read, say, words

family, file = words()
frame = read(file)
texts = factors(frame)
numbers = [name for name in frame.columns if name != "y" and name not in texts]
formula = " ~ ".join(["y", " + ".join(numbers)]) + (f" | {' + '.join(texts)}" if texts else "")
data = frame.to_pandas()
if family == "poisson":
    fit = pyfixest.fepois(formula, data, vcov="iid", iwls_tol=1e-10)
elif family == "bernoulli":
    fit = pyfixest.feglm(formula, data, family="logit", vcov="iid", iwls_tol=1e-10)
elif family == "normal":
    fit = pyfixest.feols(formula, data, vcov="iid")
else:
    raise SystemExit(f"no {family} here")
say("mu", fit.coef().index, fit.coef())
