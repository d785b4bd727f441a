"""rustystats: a generalised linear model.

Needs: rustystats
Standard errors: yes
"""

import rustystats
from common import read, say, words

FAMILY = {"bernoulli": "binomial", "normal": "gaussian"}
LINK = {"gamma": "log"}

family, file = words()
frame = read(file)
model = rustystats.glm_dict(
    response="y",
    terms={name: {"type": "linear"} for name in frame.columns if name != "y"},
    data=frame,
    family=FAMILY.get(family, family),
    link=LINK.get(family),
).fit(tol=1e-12, max_iter=100)
model.bse()
say("mu", model.feature_names, model.params)
