"""What makes the maximum likelihood estimate worth having, shown by simulation.

Many samples are drawn from one distribution and the maximum of each is found: what the
estimates then do is the estimate's property, with no theory between.
"""

from __future__ import annotations

from mlefit.study.run import INTERVALS, SHOWN, run

__all__ = ["INTERVALS", "SHOWN", "run"]
