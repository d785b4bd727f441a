"""LightGBM: lambda_l1 and lambda_l2 are penalties of leaf values, and there are no coefficients."""

from __future__ import annotations

from mlefit.translations._system import WithoutSetting

SYSTEMS = (
    WithoutSetting(
        "lightgbm",
        "lambda_l1 and lambda_l2 penalise the values of leaves, not coefficients",
    ),
)
