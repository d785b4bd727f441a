"""rustystats: negative binomial regression, theta estimated.

Needs: rustystats
Standard errors: yes
"""

import rustystats
from common import read, say, words

_, file = words()
frame = read(file)
model = rustystats.glm_dict(
    response="y",
    terms={name: {"type": "linear"} for name in frame.columns if name != "y"},
    data=frame,
    family="negbinomial",
    theta="estimate",
).fit(tol=1e-12, max_iter=100)
model.bse()
say("mu", model.feature_names, model.params)
say("k", [""], [model.theta])
