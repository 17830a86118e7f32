"""Answers 1 to 10 of the report, each with the statements that decide it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from operator import methodcaller
from typing import Any

import sympy as sp
from sympy import (
    Basic,
    Expr,
    Function,
    IndexedBase,
    Product,
    Rational,
    S,
    Sum,
    Symbol,
    exp,
    log,
    pi,
    sqrt,
    symbols,
)

from lib.proof.calculus import Gradient
from lib.proof.expectation import KL, E, Int, Operator, Var, resolve
from lib.proof.laws import Finite, Normal, density

from ..claims import Claim, Part, Statement, state
from .symbols import (
    ENCODER,
    STANDARD,
    D,
    Density,
    K,
    M,
    approximate,
    at_size,
    by_bayes,
    d,
    elbo,
    elbo_meaning,
    epsilon,
    epsilon_mu,
    epsilon_sigma,
    evidence,
    f,
    factorised,
    gauss,
    independent,
    joint,
    k,
    known,
    likelihood,
    m,
    means,
    mu,
    mu_p,
    p,
    pixel,
    plain,
    posterior,
    prior,
    q_zx,
    sample,
    sigma,
    sigma_p,
    sigma_q,
    stds,
    x,
    z,
)

PART = Part()

c, u = symbols("c u", positive=True)  # a probability, a weight
out = Symbol("a", real=True)
standard = gauss(z, 0, 1)

# ----------------------------------------------------------- 1, 2: latent variables


@PART.claim("Q1")
def names_of_the_laws() -> Claim:
    """The linear-Gaussian model with one latent and one pixel decides the names."""
    total = sqrt(1 + sigma**2)
    model = (
        Density(standard) * Density(gauss(x, z, sigma)) / Density(gauss(x, 0, total))
    )
    by_bayes_rule = prior * likelihood / Int(prior * likelihood, z)
    return Claim(
        number="Q1",
        verdict="wrong",
        chapter="vae/latent_variables",
        claim="To sample, draw z from the prior and then x from p(x | z), which is "
        "known and called the posterior.",
        correction="The recipe is right. But p(x | z) is the likelihood, or decoder; "
        "the posterior is the law of z given x, and takes Bayes' rule and the "
        "evidence.",
        printed=state(posterior, "=", likelihood, where=by_bayes | factorised),
        corrected=state(posterior, "=", by_bayes_rule, where=by_bayes | factorised),
        also=(state(Density(gauss(z, x / total**2, sigma / total)), "=", model),),
        scope="general; instance: the linear-Gaussian model in one dimension",
    )


@PART.claim("Q2")
def curse_of_dimension() -> Claim:
    per_latent = exp(x**2 / ((1 + sigma**2) * (2 + sigma**2)))
    per_latent *= (1 + sigma**2) / (sigma * sqrt(2 + sigma**2))
    of_latent = gauss(latent, 0, 1)
    weight = Product(Density(gauss(x, latent, sigma)), (d, 1, D))
    cells = Sum(((k - Rational(1, 2)) / cells_per_axis) ** 2, (k, 1, cells_per_axis))
    draws = known(sample, density("p", sample))
    return Claim(
        number="Q2",
        verdict="wrong",
        chapter="vae/latent_variables",
        claim="Monte Carlo integration suffers from the curse of dimensionality: the "
        "samples it needs grow like the volume, exponentially with the dimension.",
        correction="That is the error of a grid. A Monte Carlo mean of K samples has "
        "the variance of one sample over K in every dimension. Sampling the prior is "
        "hopeless for another reason: the variance of the weights p(x | z), relative "
        "to their squared mean, grows exponentially.",
        printed=state(
            needed(D + 1) / needed(D),
            "=",
            length,
            given=(length > 1,),
            tests=_samples_needed,
        ),
        corrected=state(
            Var(Sum(f(sample), (k, 1, K)) / K, draws),
            "=",
            Var(f(sample), draws) / K,
            tests=_for_independent_draws,
        ),
        also=(
            state(
                Var(weight, of_latent) / E(weight, of_latent) ** 2,
                "=",
                per_latent**D - 1,
                tests=_for_independent_latents,
            ),
            state(
                Rational(1, 3) - cells / cells_per_axis,
                "=",
                1 / (12 * cells_per_axis**2),
                words=r"with $n^D$ cells in $D$ dimensions",
            ),
        ),
        scope="instance: one, two and three samples of any law; one and two latents",
    )


latent = IndexedBase("z", real=True)[d]
cells_per_axis = Symbol("n", integer=True, positive=True)
length, accuracy = symbols(r"\ell \tau", positive=True)
needed = Function("K")


def _samples_needed(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """K samples of a function whose variance is one in every dimension."""
    size = Symbol("size", integer=True, positive=True)
    mean = Sum(latent, (d, 1, size)) / sqrt(size)

    def samples(dimension: Expr) -> Expr:
        n = int(dimension)
        variance = Var(mean.xreplace({size: sp.Integer(n)}), gauss(latent, 0, 1))
        return independent(variance, d, size, n) / accuracy**2

    for n in (1, 2):
        at = statement.map(methodcaller("xreplace", {D: sp.Integer(n)}))
        name = f"the mean of D independent variables, D = {n}"
        yield name, at.map(lambda e: e.replace(needed, samples))


def _for_independent_draws(statement: Statement) -> Iterator[tuple[str, Statement]]:
    left, right = statement.members
    [relation] = statement.relations
    for count in (1, 2, 3):
        one = independent(right.xreplace({K: sp.Integer(count)}), k, K, 1)
        many = independent(left, k, K, count)
        yield f"K = {count}", state(many, relation, one)


def _for_independent_latents(statement: Statement) -> Iterator[tuple[str, Statement]]:
    for size in (1, 2):
        at = statement.map(partial(independent, index=d, size=D, count=size))
        yield f"D = {size}", at


# ----------------------------------------------------------------- 3: the divergence


@PART.claim("Q3")
def size_of_a_divergence() -> Claim:
    small = partial(state, about=(epsilon_sigma,), given=(epsilon_sigma > -1,))
    moved = gauss(x, mu_p + epsilon_mu, sigma_p * (1 + epsilon_sigma))
    wider = gauss(x, mu_p, sigma_p * (1 + epsilon_sigma))
    cubic = -4 * epsilon_sigma**3 / 3 - epsilon_sigma * epsilon_mu**2 / sigma_p**2
    return Claim(
        number="Q3",
        verdict="wrong",
        chapter="vae/gaussian_kl",
        claim="The divergence of two Gaussians, its expansion where they nearly "
        "agree, a small example and a large one.",
        correction="The closed form and the large example are right. The expansion is "
        "not: a small divergence is of second order, so a change of a tenth gives "
        "about a hundredth. And it is the divergence of p from q; a variational "
        "autoencoder needs the other one, which differs from it at third order.",
        printed=small(KL(p, wider), "~", epsilon_sigma, order=2),
        corrected=small(KL(p, wider), "O", epsilon_sigma**2, order=3),
        also=(
            state(
                KL(p, moved) - KL(moved, p),
                "O",
                cubic,
                order=4,
                about=(epsilon_sigma, epsilon_mu),
                given=(epsilon_sigma > -1,),
            ),
        ),
        scope="general",
        repeats="11",
    )


# -------------------------------------------------------------- 4-7: the evidence bound


@PART.claim("Q4")
def why_the_bound() -> Claim:
    total = sqrt(1 + sigma**2)
    guess = gauss(z, mu, sigma_q)
    exact = gauss(z, x / total**2, sigma / total)
    pair = log(Density(gauss(x, z, sigma))) + log(Density(standard))
    return Claim(
        number="Q4",
        verdict="wrong",
        chapter="vae/elbo",
        claim="The bound is maximised because p(x) is completely intractable; the "
        "divergence from the posterior is intractable by the no-free-lunch theorem.",
        correction="That divergence is the evidence less the bound, so it is as hard "
        "as the evidence, no more and no less: the posterior's normaliser is the "
        "evidence. The no-free-lunch theorem, about optimisers over all problems, "
        "says nothing here; and where the model is linear and Gaussian, both have a "
        "closed form.",
        corrected=state(
            KL(q_zx, known(z, posterior)),
            "=",
            log(evidence) - elbo,
            where={elbo: elbo_meaning} | by_bayes,
        ),
        also=(
            state(
                KL(guess, exact),
                "=",
                log(Density(gauss(x, 0, total))) - E(pair - log(Density(guess)), guess),
            ),
        ),
        scope="general; instance: the linear-Gaussian model in one dimension",
    )


@PART.claim("Q5")
def what_rises_with_the_bound() -> Claim:
    """One latent, noise of deviation 1/2, the pixel 2: the posterior N(8/5, 1/5)."""
    exact = gauss(z, Rational(8, 5), 1 / sqrt(5))
    worse, *changes_of_an_m_step = _after_an_m_step(exact)
    return Claim(
        number="Q5",
        verdict="wrong",
        chapter="vae/elbo",
        claim="When the bound rises, either the divergence from the prior falls, or "
        "the reconstruction term rises: the estimate of the latents gets more "
        "accurate.",
        correction="The bound's change is the reconstruction's less the divergence's, "
        "so one of them must help. That leaves three cases: both rise, both help, or "
        "the divergence alone helps. Going from N(-1, 1) to the prior both help, from "
        "there to the posterior both rise, and from a narrow law back to the posterior "
        "the divergence alone helps. And a better reconstruction is no better estimate "
        "of the latents, even if the bound rises: that is the divergence from the "
        "posterior. Hold q at the posterior and raise the noise to 3/5 (an M-step): "
        "the reconstruction and the bound rise, and this divergence is no longer zero.",
        printed=worse,
        corrected=state(
            elbo,
            "=",
            E(log(likelihood), q_zx) - KL(q_zx, known(z, prior)),
            where={elbo: elbo_meaning} | factorised,
        ),
        also=(*_on_the_way_to_the_posterior(exact), *changes_of_an_m_step),
        scope="general; instance: the linear-Gaussian model with one latent",
    )


def _on_the_way_to_the_posterior(exact: Normal) -> Iterator[Statement]:
    """How both terms change from one q to another, in the three cases."""
    options: dict[str, Any] = {
        "where": {x: sp.Integer(2), sigma: Rational(1, 2)},
        "words": r"for $x = 2$, $\sigma = 1/2$",
    }
    sharp, beside = gauss(z, x, Rational(1, 10)), gauss(z, -1, 1)
    fit = log(Density(gauss(x, z, sigma)))
    yield state(KL(exact, standard), "=", Rational(22, 25) + log(5) / 2, **options)
    yield state(E(fit, exact) - E(fit, standard), "=", Rational(232, 25), **options)
    yield state(E(fit, standard) - E(fit, beside), "=", S(10), **options)
    yield state(KL(beside, standard) - KL(standard, standard), "=", S.Half, **options)
    yield state(E(fit, sharp) - E(fit, exact), "=", Rational(7, 10), **options)
    yield state(
        KL(sharp, standard) - KL(exact, standard),
        "=",
        Rational(5, 8) + log(20) / 2,
        **options,
    )


def _after_an_m_step(exact: Normal) -> Iterator[Statement]:
    """First what is claimed of the divergence from the posterior, then what holds."""
    options: dict[str, Any] = {
        "where": {x: sp.Integer(2), sigma: Rational(1, 2)},
        "words": r"for $x = 2$, $\sigma$ from $1/2$ to $3/5$",
    }
    noise = Rational(3, 5)  # its square is E[(x - z)^2]
    moved = gauss(z, Rational(25, 17), noise / sqrt(1 + noise**2))
    fit, noisier = (log(Density(gauss(x, z, by))) for by in (sigma, noise))
    yield state(KL(exact, moved), "<=", S.Zero, **options)
    yield state(
        E(noisier, exact) - E(fit, exact),
        "=",
        Rational(11, 50) - log(Rational(6, 5)),
        **options,
    )
    yield state(
        KL(exact, moved), "=", log(Rational(45, 34)) / 2 - Rational(77, 850), **options
    )


@PART.claim("Q6")
def names_of_the_losses() -> Claim:
    weight = Symbol("w", real=True, nonzero=True)
    spread = u * weight**2 + sigma**2
    best = gauss(z, u * weight * x / spread, sigma / sqrt(spread))
    guess = gauss(z, mu, sigma_q)
    fit = log(Density(gauss(x, weight * z, sigma)))
    exact = best.xreplace({u: S.One})
    collapsed = weight**2 * (2 * x**2 + weight**2) * u**2 / (4 * sigma**4)
    return Claim(
        number="Q6",
        verdict="sloppy",
        chapter="vae/elbo",
        claim="The reconstruction loss makes the model predict latents from which the "
        "image can be rebuilt; the regularisation keeps the posterior near the prior.",
        correction="So it is, where the posterior is the approximate one; the "
        "reconstruction also trains the decoder. With weight 1/u on the "
        "regularisation, the best law in a linear-Gaussian model collapses to the "
        "prior as u shrinks:",
        corrected=state(KL(best, standard), "O", collapsed, about=(u,), order=3),
        holds_if=state(KL(best, standard), "O", S.Zero, about=(u,), order=2),
        fails_if=state(KL(exact, standard), "O", S.Zero, about=(u,), order=2),
        also=(
            state(
                u * E(fit, guess) - KL(guess, standard),
                "=",
                u * E(fit, best) - KL(best, standard) - KL(guess, best),
            ),
        ),
        scope="instance: the linear-Gaussian model with one latent, any parameters",
    )


@PART.claim("Q7")
def explicit_loss() -> Claim:
    pixels = log(1 + exp(logit_of(m, z))) - pixel[m] * logit_of(m, z)
    latents = means[d] ** 2 + stds[d] ** 2 - log(stds[d] ** 2)
    counted = means[m] ** 2 + stds[m] ** 2 - log(stds[m] ** 2)
    fit = E(Sum(pixels, (m, 1, M)), q_zx)
    options: dict[str, Any] = {
        "where": {elbo: elbo_meaning} | factorised,
        "tests": _with_linear_logits,
    }
    return Claim(
        number="Q7",
        verdict="wrong",
        chapter="vae/elbo",
        claim="The two losses, written out.",
        correction="The constant must be half the number of latents, and the loss is "
        "explicit once the pixels' law is put in. With a Bernoulli law and logits a:",
        printed=state(-elbo, "=", fit - M + Sum(counted, (m, 1, M)) / 2, **options),
        corrected=state(-elbo, "=", fit + Sum(latents - 1, (d, 1, D)) / 2, **options),
        scope="numeric: one latent and linear logits, to 1e-12; two latents and "
        "constant ones; two pixels",
        repeats="18",
    )


logit_of = Function("a", real=True)
logit_of._latex = lambda applied, printer: "a_{{{}}}({})".format(
    *(printer._print(argument) for argument in applied.args)
)


def _with_linear_logits(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """One latent and logits linear in it, by quadrature; two latents without effect."""
    images = {plain(pixel[1]): S.One, plain(pixel[2]): S.Zero}

    def chance(first: Expr, second: Expr) -> Expr:
        return 1 / (1 + exp(-first)) / (1 + exp(second))

    def linear(e: Basic) -> Basic:
        e = at_size(e, 1, 2).replace(logit_of, lambda i, at: at / i - 1)
        e = e.replace(E, lambda g, law: _integral(g * law.density))
        encoder = Normal(z, plain(means[1]), plain(stds[1])).density()
        densities = {approximate: encoder, prior: Normal(z, 0, 1).density()}
        return e.xreplace({**densities, **images, likelihood: chance(z - 1, z / 2 - 1)})

    def constant(e: Basic) -> Basic:
        logits = symbols("a_1 a_2", real=True)
        laws = {q_zx: ENCODER, approximate: Density(ENCODER), prior: Density(STANDARD)}
        e = at_size(e.xreplace({**laws, likelihood: chance(*logits)}), 2, 2)
        return e.replace(logit_of, lambda i, _: logits[int(i) - 1]).xreplace(images)

    yield "D = 1, M = 2, linear logits", statement.map(linear)
    yield "D = 2, M = 2, constant logits", statement.map(constant)


def _integral(g: Expr) -> Expr:
    return sp.Integral(g, (z, -sp.oo, sp.oo))


# ----------------------------------------------------- 8: where the pathwise way fails


class Step(Operator):
    """One where its argument is positive, and zero elsewhere."""

    def __new__(cls, argument: Expr) -> Step:
        return Expr.__new__(cls, argument)

    def resolved(self) -> Expr:
        return sp.Heaviside(self.args[0])

    def _latex(self, printer: Any) -> str:
        return rf"\mathbb{{1}}\left[{printer._print(self.args[0])} > 0\right]"


@PART.claim("Q8")
def gradients() -> Claim:
    law = gauss(z, mu, sigma)
    through = Gradient(E(Step(z), law), mu)
    along = gauss(epsilon, 0, 1)
    return Claim(
        number="Q8",
        verdict="wrong",
        chapter="vae/reparameterization",
        claim="The gradient does not pass through the expectation for any f; with a "
        "smooth map of a noise it does.",
        correction="The idea is right. But the first holds in general, not for every "
        "f; and the second needs more of f than that the map be smooth. For a step, "
        "the pathwise gradient is zero almost surely, while the score gradient is "
        "exact:",
        printed=state(
            through,
            "=",
            E(Gradient(Step(mu + sigma * epsilon), mu), along),
            tests=_of_a_step,
        ),
        corrected=state(
            through,
            "=",
            E(Step(z) * Gradient(log(Density(law)), mu), law),
            "=",
            exp(-(mu**2) / (2 * sigma**2)) / (sigma * sqrt(2 * pi)),
            tests=_of_a_step,
        ),
        scope="numeric: a step under a Gaussian, to 1e-12",
        repeats="20",
    )


def _of_a_step(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """A step's expectations as integrals over the half-line; its slope is zero."""
    law = gauss(z, mu, sigma)
    above = (1 + sp.erf(mu / (sigma * sqrt(2)))) / 2
    yield "P(z > 0)", state(_half_line(S.One, law), "=", above)

    def at(e: Basic) -> Basic:
        e = e.replace(
            lambda node: isinstance(node, Gradient) and node.args[0].func is Step,
            lambda node: S.Zero,
        )
        e = e.xreplace({E(Step(z), law): above})
        e = e.replace(
            lambda node: isinstance(node, E) and node.has(Step),
            lambda node: _half_line(
                node.args[0].xreplace({Step(z): S.One}), node.args[1]
            ),
        )
        return resolve(e) if not e.has(sp.Integral) else e

    yield "", statement.map(at)


def _half_line(g: Expr, law: Normal) -> Expr:
    return sp.Integral(resolve(g) * law.density(), (z, 0, sp.oo))


# ------------------------------------------------------------ 9, 10: training, samples


@PART.claim("Q9")
def architecture() -> Claim:
    rectified = sp.Max(0, out)
    chances: dict[str, Any] = {"given": (c < 1,), "names": {"c": c}}
    printed = state(f"1/(1 + exp(-Max(0, {LOGIT})))", "=", c, **chances)
    return Claim(
        number="Q9",
        verdict="sloppy",
        chapter="vae/training",
        claim="Two layers for the encoder and two for the decoder, 512 hidden units, "
        "ReLU activations, twice as many outputs as latents for mean and variance.",
        correction="The sizes are right. The activation belongs to the hidden layers "
        "alone, and the second half of the outputs is the logarithm of the variance. "
        "Without it every probability has a logit:",
        printed=printed,
        corrected=state(f"1/(1 + exp(-{LOGIT}))", "=", c, **chances),
        also=(
            state(_sigmoid(rectified), "=", sp.Max(Rational(1, 2), _sigmoid(out))),
            state(exp(rectified), "=", sp.Max(1, exp(out))),
        ),
        holds_if=replace(printed, given=(Rational(1, 2) <= c, c < 1)),
        fails_if=printed,
        scope="general",
    )


LOGIT = "log(c/(1 - c))"


def _sigmoid(a: Expr) -> Expr:
    return 1 / (1 + exp(-a))


@PART.claim("Q10")
def quality_of_samples() -> Claim:
    draws = known(sample, approximate.func(sample, x))
    weights = joint.func(x, sample) / approximate.func(sample, x)
    grey = Finite(x, {S.One: c, S.Zero: 1 - c}, rf"\mathrm{{Bern}}({c})")
    return Claim(
        number="Q10",
        verdict="sloppy",
        chapter="vae/training",
        claim="The digits are of extremely good quality, though some strokes are "
        "almost transparent after 80 epochs.",
        correction="A look at 64 pictures decides little. How well the model fits, the "
        "likelihood of held-out images says, estimated from below with K weighted "
        "samples; how its samples look, not even that. And a grey stroke "
        "may be a pixel's probability and no sample of it, which has a variance: say "
        "what is shown.",
        corrected=state(
            E(log(Sum(weights, (k, 1, K)) / K), draws),
            "<=",
            log(evidence),
            where=by_bayes,
            tests=_by_jensen,
        ),
        also=(state(Var(x, grey), "=", c * (1 - c), given=(c < 1,)),),
        holds_if=state(E(x, grey), "=", c, given=(c < 1,)),
        fails_if=state(E((x - c) ** 2, grey), "=", S.Zero, given=(c < 1,)),
        scope="instance: one and two samples, any laws",
    )


def _by_jensen(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The bound, and its equality where q is the posterior and all weights agree.

    That the weights are those of independent samples shows in their average's square.
    """
    draws = known(sample, approximate.func(sample, x))
    weight = joint.func(x, sample) / approximate.func(sample, x)
    squares = independent(E(weight**2, draws), k, K, 1)
    for count in (1, 2):
        at = statement.map(partial(independent, index=k, size=K, count=count))
        yield f"K = {count}", at
        square = at.left.replace(log, lambda average: average**2)
        expected = squares / count + (1 - Rational(1, count)) * Int(joint, z) ** 2
        yield f"the square, K = {count}", state(square, "=", expected)
        exact = at.map(
            lambda e: e.replace(
                approximate.func, lambda v, of: joint.func(of, v) / Int(joint, z)
            )
        )
        yield f"K = {count}, q the posterior", replace(exact, relations=("=",))
