"""How sure the estimates are: covariances, profiles, draws, and functions of the parameters."""
