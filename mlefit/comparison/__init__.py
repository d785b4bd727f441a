"""Several models of the same rows: candidates, their order, and tests of pairs."""
