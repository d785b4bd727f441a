"""The gate: does today's data still fit yesterday's model?

A day is observed by checks, conditions turn what they saw into pass, warn or fail, and a check
that could not look is an error. `kinds` has a file for each check.
"""
