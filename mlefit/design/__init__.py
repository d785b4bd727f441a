"""From a formula and a table to the blocks a likelihood reads."""
