"""Array aliases that name a shape, so that signatures can be read."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.floating[Any]]
"""One value per row, shape (n,)."""

Vector: TypeAlias = NDArray[np.floating[Any]]
"""One value per coefficient, shape (p,)."""

Matrix: TypeAlias = NDArray[np.floating[Any]]
"""Two-dimensional: (p, p), or a block of columns by rows (p, n)."""
