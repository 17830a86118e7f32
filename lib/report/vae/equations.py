"""Equations 1 to 22 of the report, on variational autoencoders."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import sympy as sp
from sympy import Basic, Expr, Function, Product, Rational, S, Sum, Symbol, exp, log

from lib.proof.calculus import Gradient
from lib.proof.expectation import KL, E, Int, resolve
from lib.proof.laws import Abstract, Law, Normal, density

from ..claims import Claim, Finding, Part, Statement, state
from .symbols import (
    ENCODER,
    STANDARD,
    Bernoulli,
    D,
    Density,
    K,
    M,
    Sigma,
    Square,
    VectorNormal,
    approximate,
    at_size,
    at_sizes,
    by_bayes,
    d,
    delta,
    elbo,
    elbo_meaning,
    epsilon,
    epsilon_mu,
    epsilon_sigma,
    evidence,
    f,
    factorised,
    gauss,
    joint,
    k,
    known,
    l_recon,
    l_reg,
    likelihood,
    logit,
    m,
    mean_vector,
    means,
    mu,
    mu_p,
    mu_q,
    noise,
    p,
    phi,
    pixel,
    plain,
    posterior,
    prior,
    probability,
    q,
    q_z,
    q_zx,
    reparameterise,
    sample,
    sigma,
    sigma_p,
    sigma_q,
    stds,
    t,
    x,
    z,
    z_vector,
)

PART = Part()

# -------------------------------------------------------------- 1: the model


def _by_ancestral_sampling(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """Every image of one to three pixels: first z is drawn, then each pixel's coin."""
    for size, pixels in ((1, 1), (2, 2), (1, 3)):
        chance = [Rational(i, pixels + 2) for i in range(1, pixels + 1)]
        latents = [Symbol(f"z_{i}", real=True) for i in range(1, size + 1)]
        for image in itertools.product((S.Zero, S.One), repeat=pixels):
            coins = [c if on else 1 - c for c, on in zip(chance, image, strict=True)]
            drawn = sp.Mul(*(Normal(latent, 0, 1).density() for latent in latents))
            put_in = {joint: drawn * sp.Mul(*coins)}
            for i in range(pixels):
                put_in[plain(probability[i + 1])] = chance[i]
                put_in[plain(pixel[i + 1])] = image[i]

            def at(
                e: Basic,
                put_in: Mapping[Basic, Basic] = put_in,
                n: tuple[int, int] = (size, pixels),
            ) -> Basic:
                return at_size(e, *n).xreplace(put_in)

            shown = "".join(map(str, image))
            yield f"D = {size}, M = {pixels}, image {shown}", statement.map(at)


def _joint(index: Symbol) -> Statement:
    law = VectorNormal(z_vector, sp.ZeroMatrix(D, 1), sp.Identity(D))
    pixels = Product(Bernoulli(pixel[m], probability[m]), (index, 1, M))
    right = sp.Mul(Density(law), pixels, evaluate=False)
    return state(joint, "=", right, tests=_by_ancestral_sampling)


@PART.claim("1")
def joint_density() -> Claim:
    index = Symbol("i", integer=True, positive=True)
    return Claim(
        number="1",
        verdict="sloppy",
        chapter="vae/latent_variables",
        label="eq-joint",
        printed=_joint(index),
        corrected=_joint(m),
        holds_if=_joint(index).read({index: m}),
        fails_if=_joint(index),
        scope="instance: one or two latents, up to three pixels, every image",
        correction="The product's index must be the pixel's.",
    )


# -------------------------------------------------------------- 2-10: the divergence


def _by_transform(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The integral of e^(tx) times both sides, which determines a density."""
    named, formula = statement.members
    [relation] = statement.relations
    yield (
        "integrated against exp(t x)",
        state(
            E(exp(t * x) * named / density("p", x), p),
            relation,
            sp.Integral(exp(t * x) * formula, (x, -sp.oo, sp.oo)),
        ),
    )


@PART.claim("2")
def gaussian_density() -> Claim:
    stated = _written(
        density("p", x),
        "=",
        "1/(sigma_p*sqrt(2*pi)) * exp(-1/2*((x - mu_p)/sigma_p)**2)",
        tests=_by_transform,
    )
    scope = "numeric: the moment-generating function, to a relative error of 1e-12"
    return _correct("2", "eq-gaussian-density", stated, scope)


@PART.claim("3")
def gaussian_log_density() -> Claim:
    stated = _written(
        log(density("p", x)),
        "=",
        "-log(sigma_p) - log(sqrt(2*pi)) - 1/2*((x - mu_p)/sigma_p)**2",
        where={density("p", x): PART["2"].corrected.right},
    )
    return _correct("3", "eq-gaussian-log-density", stated)


@PART.claim("4")
def divergence() -> Claim:
    p_x, q_x = density("p", x), density("q", x)
    stated = state(
        KL(Abstract(x, p_x, "p"), Abstract(x, q_x, "q")),
        "=",
        E(log(p_x) - log(q_x), Abstract(x, p_x, "p")),
        tests=_by_integral,
    )
    return _correct("4", "eq-kl", stated)


def _by_integral(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The definition against the integral of p log(p/q), both for unknown densities."""
    p_x, q_x = density("p", x), density("q", x)
    yield "", statement.map(lambda e: e)
    yield "as an integral", state(Int(p_x * log(p_x / q_x), x), "=", statement.right)


@PART.claim("5")
def divergence_integrand() -> Claim:
    stated = _written(
        KL(p, q),
        "=",
        "E(log(sigma_q/sigma_p) - 1/2*((x - mu_p)/sigma_p)**2"
        " + 1/2*((x - mu_q)/sigma_q)**2, p)",
    )
    return _correct("5", "eq-kl-integrand", stated)


@PART.claim("6")
def divergence_by_moments() -> Claim:
    stated = _written(
        KL(p, q),
        "=",
        "log(sigma_q/sigma_p) - 1/(2*sigma_p**2)*E((x - mu_p)**2, p)"
        " + 1/(2*sigma_q**2)*E((x - mu_q)**2, p)",
    )
    return _correct("6", "eq-kl-linear", stated)


@PART.claim("7")
def second_moment() -> Claim:
    stated = state(
        E((x - mu_p) ** 2, p), "=", E((x - E(x, p)) ** 2, p), "=", sigma_p**2
    )
    return _correct("7", "eq-second-moment", stated)


@PART.claim("8")
def second_moment_split() -> Claim:
    stated = _written(
        E((x - mu_q) ** 2, p),
        "=",
        "E(((x - mu_p) + mu_p - mu_q)**2, p)",
        "=",
        "E((x - mu_p)**2, p) + E(2*(x - mu_p)*(mu_p - mu_q), p) + (mu_p - mu_q)**2",
    )
    return _correct("8", "eq-second-moment-split", stated)


@PART.claim("9")
def second_moment_shifted() -> Claim:
    stated = _written(E((x - mu_q) ** 2, p), "=", "sigma_p**2 + (mu_q - mu_p)**2")
    return _correct("9", "eq-second-moment-shifted", stated)


@PART.claim("10")
def divergence_of_gaussians() -> Claim:
    stated = _written(
        KL(p, q),
        "=",
        "log(sigma_q/sigma_p) + (sigma_p**2 + (mu_q - mu_p)**2)/(2*sigma_q**2) - 1/2",
    )
    return _correct("10", "eq-kl-univariate", stated)


# ------------------------------------------------- 11-13: small and large divergences

PERTURBED = gauss(x, mu_p + epsilon_mu, sigma_p * (1 + epsilon_sigma))
EXACT = "log(1 + epsilon_sigma) - 1/2"
EXACT += " + (sigma_p**2 + epsilon_mu**2)/(2*sigma_p**2*(1 + epsilon_sigma)**2)"
SMALL: dict[str, Any] = {
    "about": (epsilon_sigma, epsilon_mu),
    "given": (epsilon_sigma > -1,),
}


@PART.claim("11")
def small_divergence() -> Claim:
    return Claim(
        number="11",
        verdict="wrong",
        chapter="vae/gaussian_kl",
        label="eq-kl-taylor",
        printed=_written(
            KL(p, PERTURBED),
            "=",
            EXACT,
            "~",
            "epsilon_sigma - epsilon_sigma**2/2 + 1/2*(1 - epsilon_sigma**2)"
            " + 1/2*epsilon_mu**2",
            "=",
            "epsilon_sigma + 1/2*(epsilon_mu**2 + 1) - epsilon_sigma**2",
            order=3,
            **SMALL,
        ),
        corrected=_written(
            KL(p, PERTURBED),
            "=",
            EXACT,
            "O",
            epsilon_sigma**2
            + epsilon_mu**2 / (2 * sigma_p**2)
            - 5 * epsilon_sigma**3 / 3
            - epsilon_sigma * epsilon_mu**2 / sigma_p**2,
            order=4,
            **SMALL,
        ),
        scope="general",
        correction="A divergence is least, and zero, where both laws agree: its "
        "expansion there has neither a constant nor a linear term.",
    )


@PART.claim("12")
def example_of_a_small_divergence() -> Claim:
    wider = gauss(x, mu_p, sigma_p + delta)
    tenth = sp.Float("0.1")
    return Claim(
        number="12",
        verdict="wrong",
        chapter="vae/gaussian_kl",
        label="eq-kl-small",
        printed=state(
            KL(gauss(x, mu_p, sigma_p), gauss(x, mu_p, sigma_p + tenth)),
            "~",
            tenth,
            within=Rational(1, 2),
        ),
        corrected=state(
            KL(gauss(x, mu_p, sigma_p), wider),
            "O",
            (delta / sigma_p) ** 2,
            about=(delta,),
            order=3,
        ),
        also=(
            state(
                KL(gauss(x, mu_p, S.One), gauss(x, mu_p, 1 + tenth)),
                "~",
                sp.Float("0.00853", 3),
                within=Rational(1, 2000),
            ),
        ),
        scope="general; numeric: a tenth at unit deviation, to 5e-4",
        correction="The divergence is quadratic in the relative change of sigma.",
    )


@PART.claim("13")
def example_of_a_large_divergence() -> Claim:
    stated = _written(
        KL(gauss(x, 0, sigma), gauss(x, 10 * sigma, sigma)),
        "=",
        "(sigma**2 + 100*sigma**2)/(2*sigma**2) - 1/2",
        "=",
        "50",
    )
    return _correct("13", "eq-kl-ten-sigma", stated)


# ------------------------------------------------------ 14-19: the evidence bound


@PART.claim("14")
def evidence_split() -> Claim:
    stated = state(
        log(evidence),
        "=",
        elbo + KL(q_zx, known(z, posterior)),
        where={elbo: elbo_meaning} | by_bayes,
        tests=_with_normalised_posterior,
    )
    return _of_elbo("14", "correct", "eq-elbo-gap", stated)


def _with_normalised_posterior(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The statement, and that its posterior is a density."""
    whole = state(Int(posterior, z), "=", S.One, where=statement.where)
    yield "the posterior integrates to one", whole
    yield "", statement.map(lambda e: e)


@PART.claim("15")
def evidence_bound() -> Claim:
    stated = state(
        log(evidence),
        ">=",
        elbo,
        where={elbo: elbo_meaning} | by_bayes,
        tests=_tight_at_the_posterior,
    )
    return _of_elbo("15", "correct", "eq-elbo-bound", stated)


def _tight_at_the_posterior(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The gap is a divergence, hence never negative, and zero at the posterior."""
    yield next(_with_normalised_posterior(statement))
    small, large = statement.members
    if statement.relations == (">=",):
        small, large = large, small
    gap = KL(q_zx, known(z, posterior))
    yield "the gap", state(large, "=", small + gap, where=statement.where)
    exact = {approximate: statement.meaning(posterior)}
    at_posterior = statement.map(lambda e: e.xreplace(exact))
    yield "q the posterior", replace(at_posterior, relations=("=",))


def _of_elbo(number: str, verdict: Finding, label: str, stated: Statement) -> Claim:
    return Claim(
        number=number,
        verdict=verdict,
        chapter="vae/elbo",
        label=label,
        printed=stated,
        corrected=stated,
        scope="general",
    )


def _regularisation(law: Law, of_prior: Law) -> Statement:
    return state(
        l_reg,
        "=",
        KL(q_zx, known(z, prior)),
        "=",
        KL(law, of_prior),
        where={l_reg: E(log(likelihood), q_zx) - elbo, elbo: elbo_meaning} | factorised,
        tests=_by_gaussians,
    )


def _by_gaussians(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The first link for unknown laws, the second for the laws that are chosen."""
    first, second = statement.links()
    yield "", first
    laws = {q_zx: ENCODER, known(z, prior): STANDARD}
    chosen = second.map(lambda e: e.xreplace(laws))
    yield from at_sizes(chosen)


@PART.claim("16")
def regularisation() -> Claim:
    scalar = VectorNormal(z_vector, S.Zero, S.One)
    printed = _regularisation(ENCODER, scalar)
    one_latent = KL(gauss(z, means[1], stds[1]), gauss(z, 0, 1))
    return Claim(
        number="16",
        verdict="sloppy",
        chapter="vae/elbo",
        label="eq-kl-prior",
        printed=printed,
        corrected=_regularisation(ENCODER, STANDARD),
        holds_if=printed,
        fails_if=printed.read({KL(ENCODER, scalar): one_latent}),
        scope="instance: one, two and three latents",
        correction="The prior is one of vectors, with the identity as its covariance, "
        "and has no parameters.",
    )


@PART.claim("17")
def regularisation_by_trace() -> Claim:
    squared = sp.Trace(mean_vector.T * mean_vector)
    printed = _by_trace(Square(mean_vector), M)
    return Claim(
        number="17",
        verdict="sloppy",
        chapter="vae/elbo",
        label="eq-kl-standard-vector",
        printed=printed,
        corrected=_by_trace(squared, D),
        holds_if=printed.read({M: D}),
        fails_if=printed,
        scope="instance: one, two and three latents",
        correction="The square of a vector is its squared length, and the constant "
        "counts the latents, not the pixels.",
    )


def _by_trace(squared: Expr, count: Symbol) -> Statement:
    logarithm = log(sp.Determinant(Sigma))
    bracket = sp.Add(squared, sp.Trace(Sigma), -count, -logarithm, evaluate=False)
    return state(
        l_reg,
        "=",
        sp.Mul(Rational(1, 2), bracket, evaluate=False),
        where={l_reg: KL(ENCODER, STANDARD)},
        tests=at_sizes,
        words=r"with $\Sigma = \mathrm{diag}(\sigma_1^2, \dots, \sigma_D^2)$",
    )


@PART.claim("18")
def regularisation_by_latent() -> Claim:
    terms = means[d] ** 2 + stds[d] ** 2 - log(stds[d] ** 2)
    as_printed = means[m] ** 2 + stds[m] ** 2 - log(stds[m] ** 2)
    where = {l_reg: KL(ENCODER, STANDARD)}
    return Claim(
        number="18",
        verdict="wrong",
        chapter="vae/elbo",
        label="eq-kl-standard",
        printed=state(
            l_reg,
            "=",
            -M + Sum(as_printed, (m, 1, M)) / 2,
            where=where,
            tests=at_sizes,
        ),
        corrected=state(
            l_reg, "=", Sum(terms - 1, (d, 1, D)) / 2, where=where, tests=at_sizes
        ),
        also=(
            state(
                KL(gauss(z, means[d], stds[d]), gauss(z, 0, 1)), "=", (terms - 1) / 2
            ),
        ),
        scope="instance: one, two and three latents, and any latent alone",
        correction="The factor one half belongs to the constant too, which counts the "
        "latents. As printed, the loss is negative where the divergence is zero.",
    )


@PART.claim("19")
def reconstruction() -> Claim:
    theta = Symbol("theta", positive=True)
    of_sample = likelihood.func(x, sample)
    printed = _reconstruction(-Sum(log(theta * of_sample), (k, 1, K)) / K)
    return Claim(
        number="19",
        verdict="sloppy",
        chapter="vae/elbo",
        label="eq-reconstruction",
        printed=printed,
        holds_if=printed.read({theta * of_sample: of_sample}),
        fails_if=printed,
        corrected=_reconstruction(
            -Sum(log(of_sample), (k, 1, K)) / K,
            Sum(
                log(1 + exp(logit[m, k])) - pixel[m] * logit[m, k], (m, 1, M), (k, 1, K)
            )
            / K,
        ),
        scope="instance: one and two samples, one and two pixels; any laws",
        correction="The parameter is an index of the density, and the loss is explicit "
        "only once the pixels' law is put in.",
    )


def _reconstruction(*estimates: Expr) -> Statement:
    chain = [l_recon, "=", -E(log(likelihood), q_zx), "~", estimates[0]]
    for other in estimates[1:]:
        chain += ["=", other]
    meaning = -elbo - KL(q_zx, known(z, prior))
    return state(
        *chain,
        where={l_recon: meaning, elbo: elbo_meaning} | factorised,
        under=(known(sample, approximate.func(sample, x)),),
        tests=_without_bias,
    )


def _without_bias(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The estimate's expectation is what it estimates; the likelihood is put in."""
    definition, estimate, *explicit = statement.links()
    yield "", definition
    for count, pixels in ((1, 2), (2, 1)):
        latents = [Symbol(f"z_{i}", real=True) for i in range(1, count + 1)]
        laws = [statement.under[0].xreplace({sample: latent}) for latent in latents]

        def at(e: Basic, n: int = count, latents: Sequence[Symbol] = latents) -> Basic:
            e = at_size(e.xreplace({K: sp.Integer(n)}), 1)
            return e.xreplace(
                {plain(sample.base[i + 1]): v for i, v in enumerate(latents)}
            )

        left, right = estimate.map(at).members
        [relation] = estimate.relations
        if relation == "~":
            relation, right = "=", E(right, *laws)
        yield f"the mean of K = {count}", state(left, relation, right)
        for link in explicit:
            bernoulli = partial(_bernoulli_pixels, samples=count, pixels=pixels)
            put_in = link.map(bernoulli)
            yield f"K = {count}, M = {pixels}", put_in


def _bernoulli_pixels(expression: Basic, samples: int, pixels: int) -> Basic:
    """``expression`` with the pixels' probability given the k-th sample put in."""
    on, off = 1 / (1 + exp(-logit[m, k])), 1 / (1 + exp(logit[m, k]))
    law = Product(on ** pixel[m] * off ** (1 - pixel[m]), (m, 1, pixels)).doit()
    expression = expression.xreplace({likelihood.func(x, sample): law})
    return at_size(expression.xreplace({K: sp.Integer(samples)}), 1, pixels)


# ------------------------------------------------------------- 20-22: the gradients


@PART.claim("20")
def score_gradient() -> Claim:
    through = Gradient(E(f(z), q_z), phi)
    inside = E(Gradient(f(z), phi), q_z)
    score = E(f(z) * Gradient(log(q_z.density), phi), q_z)
    return Claim(
        number="20",
        verdict="wrong",
        chapter="vae/reparameterization",
        label="eq-score-gradient",
        printed=state(
            through, "!=", inside, words="for every function f", tests=_for_functions
        ),
        corrected=state(through, "=", score),
        also=(state(inside, "=", S.Zero),),
        scope="general",
        correction="Both sides agree wherever the true gradient is zero, for instance "
        "for a constant function. What is true in general:",
    )


FUNCTIONS = {
    "f(z) = z^2": lambda u: u**2,
    "f(z) = exp(z)": exp,
    "f(z) = 1": lambda u: S.One,
}


def _for_functions(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The statement for a few functions, under a Gaussian, by its mean."""
    for name, function in FUNCTIONS.items():

        def at(e: Basic, function: Callable[[Any], Any] = function) -> Basic:
            e = e.xreplace({q_z: Normal(z, mu, sigma, "q")}).xreplace({phi: mu})
            return e.replace(f, function)

        yield name, statement.map(at)


@PART.claim("21")
def reparameterisation() -> Claim:
    shift = gauss(epsilon, 0, 1), gauss(z, mu, sigma)
    map_of_noise = Function("g", real=True)(epsilon, phi)
    return Claim(
        number="21",
        verdict="wrong",
        chapter="vae/reparameterization",
        label="eq-reparameterisation",
        printed=state(
            Gradient(E(map_of_noise, noise), phi),
            "=",
            E(Gradient(map_of_noise, phi), noise),
            words="for every g with continuous derivatives",
            tests=_escaping_mass,
        ),
        corrected=_written(
            z, "=", "mu + sigma*epsilon", under=shift, tests=_same_transform
        ),
        scope="general",
        correction="That the map is smooth does not suffice (its derivative must be "
        "bounded by something integrable), nor need it be smooth in the noise. The "
        "noise must not depend on the parameters, and the map must give z its law:",
    )


c = Symbol("c", positive=True)
SPIKE = c**3 * exp(epsilon**2 * (1 - c**4) / 2)


def _escaping_mass(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """A smooth g with mean c, whose slope at c = 0 is zero for every noise."""
    standard = Normal(epsilon, 0, 1)
    mean = sp.simplify(resolve(E(SPIKE, standard)))
    truth = sp.diff(mean, c).subs(c, 0)
    inside = E(sp.diff(SPIKE, c).subs(c, 0), standard)
    left, right = statement.members
    rules = {left: truth, right: inside}
    yield "g = c^3 exp(epsilon^2 (1 - c^4)/2) at c = 0", statement.map(rules.get)


def _same_transform(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """Both sides have one moment-generating function, hence one law; the map rises."""
    at_noise, at_z = statement.under
    left, right = statement.members
    [relation] = statement.relations
    yield (
        "the mean of exp(t z)",
        state(E(exp(t * left), at_z), relation, E(exp(t * right), at_noise)),
    )
    yield "the slope", state(sp.Derivative(right, epsilon), ">=", S.Zero)


@PART.claim("22")
def pathwise_gradient() -> Claim:
    path = reparameterise(epsilon, phi)
    slope = sp.Subs(sp.Derivative(f(z), z), z, path)
    chain = (
        *(Gradient(E(f(z), q_z), phi), "=", Gradient(E(f(path), noise), phi), "="),
        *(E(Gradient(f(path), phi), noise), "="),
    )
    last = E(Gradient(f(z), phi), noise)
    printed = state(*chain, last, tests=_by_a_gaussian)
    return Claim(
        number="22",
        verdict="sloppy",
        chapter="vae/reparameterization",
        label="eq-pathwise-gradient",
        printed=printed,
        holds_if=printed.read({last: last.xreplace({z: path})}),
        fails_if=printed,
        corrected=state(
            *chain,
            E(slope * Gradient(path, phi), noise),
            words="if the gradient is dominated",
            tests=_by_a_gaussian,
        ),
        scope="instance: a Gaussian by its mean and its deviation, four functions; "
        "the chain rule for any law and map",
        correction="In the last member z depends on the parameter through the map, "
        "and the chain rule says how. The second equality needs what equation 21 "
        "leaves out: a derivative that stays below something integrable.",
    )


def _by_a_gaussian(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """Every link for Gaussians, and those after the first for unknown laws."""
    functions = {**FUNCTIONS, "f(z) = z^3 - z": lambda u: u**3 - u}
    for (name, function), by in itertools.product(functions.items(), (mu, sigma)):

        def at(
            e: Basic, function: Callable[[Any], Any] = function, by: Symbol = by
        ) -> Basic:
            laws = {q_z: Normal(z, mu, sigma, "q"), noise: Normal(epsilon, 0, 1)}
            path = {reparameterise(epsilon, phi): mu + sigma * epsilon}
            return (
                e.xreplace(laws).replace(f, function).xreplace(path).xreplace({phi: by})
            )

        yield f"{name}, by {by}", statement.map(at)
    for link in itertools.islice(statement.links(), 1, None):
        yield "any law", link


# --------------------------------------------------------------------- small helpers

NAMES = {
    **{str(s): s for s in (x, z, mu_p, mu_q, sigma_p, sigma_q, mu, sigma, delta)},
    **{str(s): s for s in (epsilon, epsilon_mu, epsilon_sigma)},
    **{"E": E, "KL": KL, "p": p, "q": q},
}


def _written(*chain: Any, **options: Any) -> Statement:
    return state(*chain, names=NAMES, **options)


def _correct(
    number: str, label: str, stated: Statement, scope: str = "general"
) -> Claim:
    """A correct equation on the way to the divergence of two Gaussians."""
    return Claim(
        number=number,
        verdict="correct",
        chapter="vae/gaussian_kl",
        label=label,
        printed=stated,
        corrected=stated,
        scope=scope,
    )
