"""Explanations: where a likelihood, a loss, a prior or a number of a report comes from.

topics       which page a word means
formulas     everything that follows from a family's one formula
derivation   its six steps with letters
sample       the same with the numbers of a plain sample
regression   the same with those of a fit with covariates
losses, priors, links, fields, concepts, estimators    the other pages
    pages        all of them put together

The names of topics are read without the numerics, for completion.
"""
