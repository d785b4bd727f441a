"""scikit-learn under Intel's extension: what sklearn_glm.py fits, by its solvers where it has them.

Needs: scikit-learn-intelex
Standard errors: no
"""

import logging

logging.disable(logging.INFO)

from sklearnex import patch_sklearn  # noqa: E402

patch_sklearn()
import sklearn_glm  # noqa: E402, F401
