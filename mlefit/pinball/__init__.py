"""Exact minimisation of the asymmetric absolute (pinball) loss, with a proof of optimality.

The maximum-likelihood location of the Laplace (tau = 1/2) and the asymmetric Laplace
families minimises

    f(b) = sum_i w_i rho_tau(y_i - x_i'b),        rho_tau(r) = r (tau - [r < 0])

which is a linear programme [1]. With r = u - v,

    primal    min  sum_i w_i (tau u_i + (1 - tau) v_i)    s.t.  x_i'b + u_i - v_i = y_i,  u, v >= 0
    dual      max  sum_i a_i y_i    s.t.  sum_i a_i x_i = 0,  w_i (tau - 1) <= a_i <= w_i tau
    KKT       r_i > 0  =>  a_i = w_i tau,      r_i < 0  =>  a_i = w_i (tau - 1)

A vertex interpolates p independent rows, B b = y_B. The signs of the other residuals fix
their a_i, and the p equations of the dual then give those of the basic rows: the vertex is
optimal when these lie within their bounds. That is the certificate, taken over all rows.

`interior` gets close (Mehrotra's predictor-corrector on the dual), `simplex` turns it into the
exact vertex, and for many rows `preprocess` [2] sums the rows whose sign a sample foretells
into two, so that only a narrow band is ever solved; every sign is then checked on all rows.

Ties are resolved by two infinitesimal changes, which depend on the rows' values and on
nothing else, so the answer knows neither row order nor block size:

-   each y_i is moved by eps e_i, e_i a fixed wave of the row's own values. No more than p
    residuals are then zero, and the simplex cannot cycle on rounded or repeated data;
-   where several vertices have the same objective, the one with the lowest weighted mean of
    fitted values is taken (the limit from lower tau: the lower sample quantile when p = 1),
    then the lowest b_1, b_2, ....

[1] R. Koenker and G. Bassett (1978), Econometrica 46(1), 33-50.
[2] S. Portnoy and R. Koenker (1997), Statistical Science 12(4), 279-300.
"""

from __future__ import annotations

from mlefit.pinball.minimise import Vertex, minimise_pinball
from mlefit.pinball.rows import Pass, Run

__all__ = ["Pass", "Run", "Vertex", "minimise_pinball"]
