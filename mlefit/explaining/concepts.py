"""The words of the trade, each in a few lines. They hold for every family."""

from __future__ import annotations

from mlefit.frozen import frozen
from mlefit.results.explain import Formula, Line, Step


@frozen
class Concept:
    """One word.

    Attributes:
        title: the heading.
        also: further spellings.
        lines: words, or a formula as plain mathematics and for a blackboard, in reading order.
        see: commands that show it.
    """

    title: str
    lines: tuple[str | tuple[str, str], ...]
    see: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def steps(self) -> list[Step]:
        """The page."""
        lines = [
            Line(one) if isinstance(one, str) else Line(formulas=[Formula("", *one)])
            for one in self.lines
        ]
        return [Step("", lines)]


CONCEPTS = {
    "likelihood": Concept(
        "The likelihood: one formula, two opposite questions",
        (
            ("Probability fixes the parameters and asks about data; likelihood fixes the data and "
            "asks which parameters support them better. Both are the same density p."),
            ("L(θ) = p(y₁ | θ) p(y₂ | θ) … p(yₙ | θ)", r"L(\theta) = \prod_i p(y_i \mid \theta)"),
            ("Rows that are independent multiply. Products of many small numbers underflow, so the "
            "logarithm is taken, which turns the product into a sum and moves no maximum."),
            ("ℓ(θ) = Σ ln p(yᵢ | θ)", r"\ell(\theta) = \sum_i \log p(y_i \mid \theta)"),
            ("Only differences of ℓ mean something: e to their power is how many times better "
            "supported one parameter is than another."),
        ),
        ("mlefit explain poisson", "mlefit explain mle"),
        ("log-likelihood", "loglik"),
    ),
    "loss": Concept(
        "A loss is a negative log-likelihood",
        (
            ("Minimising a loss and maximising a likelihood are one thing said twice: assume a "
            "distribution, write the likelihood, take the log, negate, minimise."),
            ("loss(θ) = −ℓ(θ)", r"\text{loss}(\theta) = -\ell(\theta)"),
            ("A positive factor and a constant free of θ change the number and not the answer, so "
            "mean squared error stands for the normal distribution, mean absolute error for "
            "Laplace's, cross-entropy for classes. Another distribution is another loss."),
        ),
        ("mlefit list losses", "mlefit explain mse", "mlefit explain cross-entropy"),
        ("nll", "negative-log-likelihood", "losses"),
    ),
    "mle": Concept(
        "Maximum likelihood: the parameters that support the data best",
        (
            ("θ̂ = argmax ℓ(θ)", r"\hat{\theta} = \arg\max_\theta \ell(\theta)"),
            ("At the top the slope is 0 and the curve bends down; how sharply it bends says how "
            "well the data tell this θ from its neighbours."),
            ("Worth having because, under a model that holds, it is consistent, asymptotically "
            "normal, efficient and invariant."),
        ),
        (
            "mlefit explain score",
            "mlefit explain information",
            "mlefit explain consistency",
            "mlefit explain map",
        ),
        ("maximum-likelihood", "maximum-likelihood-estimate"),
    ),
    "map": Concept(
        "Maximum a posteriori: a prior is one more addend",
        (
            (
                "ln p(θ | y) = ℓ(θ) + ln p(θ) + constant",
                r"\log p(\theta \mid y) = \ell(\theta) + \log p(\theta) + \text{constant}",
            ),
            ("The mode of the posterior maximises likelihood times prior. Negated, it is a loss "
            "and a penalty: a normal prior is an L2 penalty, a Laplace prior an L1 penalty."),
            ("It helps where rows are few for the coefficients, and where no maximum of the "
            "likelihood exists at all."),
        ),
        ("mlefit explain l2", "mlefit explain l1", "mlefit list priors"),
        ("posterior", "prior", "maximum-a-posteriori", "penalty", "regularisation"),
    ),
    "score": Concept(
        "The score: the slope of the log-likelihood",
        (
            ("s(θ) = ∂ℓ/∂θ", r"s(\theta) = \frac{\partial \ell}{\partial \theta}"),
            ("A positive slope says go up, a negative one go down; at the maximum it is 0. At the "
            "true parameter its mean is 0 and its variance is the information."),
            "A test of θ₀ by its slope there, s²/J, needs no fit of the larger model.",
        ),
        ("mlefit explain information", "mlefit explain newton"),
        ("gradient",),
    ),
    "information": Concept(
        "The information: how sharply the log-likelihood bends",
        (
            ("J(θ) = −∂²ℓ/∂θ²", r"J(\theta) = -\frac{\partial^2 \ell}{\partial \theta^2}"),
            ("I(θ) = mean of J over data of the model", r"I(\theta) = \operatorname{E} J(\theta)"),
            ("J is the observed information, I the expected or Fisher information. A sharp peak "
            "means that neighbours of θ̂ are much less likely: a small standard error."),
            "It grows with the rows; a row's share of it does not depend on how many there are.",
        ),
        ("mlefit explain standard-error", "mlefit explain efficiency"),
        ("fisher-information", "fisher", "hessian"),
    ),
    "standard-error": Concept(
        "The standard error: one over the root of the curvature",
        (
            ("se(θ̂) = 1/√J(θ̂)",
             r"\operatorname{se}(\hat{\theta}) = \frac{1}{\sqrt{J(\hat{\theta})}}"),
            ("With several parameters J is a matrix, and the errors are the roots of the diagonal "
            "of its inverse. A parabola with this curvature stands in for ℓ near its top; where "
            "ℓ is far from a parabola a profile interval is the better guide."),
            "For g(θ) multiply by the slope of g: the delta method.",
        ),
        ("mlefit explain information", "mlefit explain normality"),
        ("standard-errors", "confidence-interval", "delta-method"),
    ),
    "consistency": Concept(
        "Consistency: more rows, closer",
        (
            ("θ̂ₙ → θ as n grows", r"\hat{\theta}_n \to \theta \text{ as } n \to \infty"),
            ("ℓ/n nears its mean, which is highest at the true θ. The error shrinks as 1/√n: four "
            "times the rows halve it."),
            "Under a wrong model it nears the θ whose distribution is closest to the truth.",
        ),
        ("mlefit explain normality", "mlefit explain efficiency"),
        ("consistent",),
    ),
    "normality": Concept(
        "Asymptotic normality: why estimates have intervals",
        (
            ("(θ̂ − θ)/se is nearly normal(0, 1)",
             r"\frac{\hat{\theta} - \theta}{\operatorname{se}} \approx \mathcal{N}(0, 1)"),
            ("The score is a sum over rows, so it is nearly normal, and θ̂ − θ is nearly the score "
            "over the information. Hence θ̂ ± 1.96 se for 95%."),
            ("It comes sooner on a scale without walls: the log of a mean, the logit of a "
            "probability. mlefit makes its intervals there and maps them back."),
        ),
        ("mlefit explain standard-error", "mlefit explain invariance"),
        ("asymptotic-normality", "asymptotics"),
    ),
    "efficiency": Concept(
        "Efficiency: nothing unbiased is sharper",
        (
            ("var(θ̂) ≥ 1/I(θ)", r"\operatorname{var}(\hat{\theta}) \ge \frac{1}{I(\theta)}"),
            ("The Cramér-Rao bound; maximum likelihood reaches it as rows grow. Under normal data "
            "the median needs 57% more rows than the mean for the same error; under Laplace data "
            "the mean needs twice the rows of the median. The right loss is worth rows."),
        ),
        ("mlefit explain laplace", "mlefit explain normal"),
        ("cramer-rao", "efficient"),
    ),
    "invariance": Concept(
        "Invariance: the estimate of a function is the function of the estimate",
        (
            ("ĝ = g(θ̂)", r"\hat{g} = g(\hat{\theta})"),
            ("The top of the curve stays the top whatever the axis is called: the rate 1/μ is "
            "estimated by 1/μ̂, an odds ratio by e to the coefficient. Standard errors do change, "
            "by the slope of g."),
        ),
        ("mlefit explain standard-error", "mlefit explain logit"),
        ("invariant", "reparameterisation"),
    ),
    "newton": Concept(
        "Newton's method: jump to the top of the parabola",
        (
            ("θ ← θ + J(θ)⁻¹ s(θ)", r"\theta \leftarrow \theta + J(\theta)^{-1} s(\theta)"),
            ("At the current point lay a parabola with the slope and the curvature of ℓ, and go to "
            "its top; halve the step while ℓ does not rise. The number of right digits doubles "
            "with each step near the maximum."),
            ("decrement = ½ s J⁻¹ s", r"\text{decrement} = \tfrac{1}{2} s^\top J^{-1} s"),
            "is the rise that the parabola still promises, in units of ℓ: it stops the search.",
        ),
        ("mlefit fit DATA FORMULA -F FAMILY --explain", "mlefit explain newton_decrement"),
        ("newton-raphson", "irls", "fisher-scoring"),
    ),
}  # fmt: skip
"""Every concept by its name."""
