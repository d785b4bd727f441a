"""One distribution with given parameters: how they are written, its values and its quantiles."""
