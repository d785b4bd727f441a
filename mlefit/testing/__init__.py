"""Tests that some terms say nothing: of a model against the same one without them.

With b the estimates of the larger model, which has d independent columns more, V their
covariance, L'b = 0 what the smaller one says, and U, I the slope and information of the larger
log-likelihood at the maximum of the smaller:

    likelihood ratio   2 (log L - log L0)
    Wald               (L'b)' (L' V L)^-1 (L'b)
    score              U' I^-1 U

All three are chi2(d) where the terms say nothing and rows are many. What is tested is a space
of linear predictors, not coefficients, so the coding of a factor changes nothing. An equation
of the parameters is tested likewise (`equations`).

Where a variance is estimated from n - p degrees of freedom, F tests refer to it: with a
constant normal sigma, RSS0/RSS = exp(2 (log L - log L0)/n) turns the ratio into the exact

    F = ((RSS0 - RSS)/d) / (RSS/(n - p))

and with an estimated dispersion phi F = 2 (log L - log L0)/(d phi).

Sources: C. R. Rao (1948), Math. Proc. Cambridge Phil. Soc. 44, 50-57; D. R. Cox and D. V.
Hinkley (1974), Theoretical Statistics, section 9.3; P. McCullagh and J. A. Nelder (1989),
Generalized Linear Models, 2nd ed., section 9.2.
"""
