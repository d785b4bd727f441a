"""glum: a generalised linear model without penalty.

Needs: glum
Standard errors: yes
"""

import pandas as pd
from common import factors, read, say, words
from glum import GeneralizedLinearRegressor

FAMILY = {"bernoulli": "binomial"}
LINK = {"gamma": "log"}

family, file = words()
frame = read(file)
y = frame["y"].to_numpy()
X = frame.drop("y")
if names := factors(frame):
    # glum 3.4 does not read categories from polars 2; the codes are handed over as they are
    X = pd.DataFrame(
        {
            name: pd.Categorical.from_codes(
                X[name].to_physical().to_numpy(), X[name].dtype.categories
            )
            if name in names
            else X[name].to_numpy()
            for name in X.columns
        }
    )
model = GeneralizedLinearRegressor(
    family=FAMILY.get(family, family),
    link=LINK.get(family, "auto"),
    alpha=0,
    drop_first=True,
    gradient_tol=1e-8,
    max_iter=200,
)
model.fit(X, y)
model.std_errors(X=X, y=y)
say("mu", ["Intercept", *model.feature_names_], [model.intercept_, *model.coef_])
