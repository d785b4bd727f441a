"""A saved fit as a model again: predictions, simulated rows, what it is worth on new ones."""
