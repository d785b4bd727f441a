"""How strong a prior should be: by the rows' evidence for it, or by rows held out.

A prior with one number still open, `normal(0, auto)`, is a family of priors indexed by the
strength of its penalty on the summed NLL. `varying` turns that number, `path` follows the
maximum along it, `evidence` and `folds` judge the places on the way, `choice` decides.
"""

from mlefit.strength.choice import Choice, check, choose, recorded

__all__ = ["Choice", "check", "choose", "recorded"]
