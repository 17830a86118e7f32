"""Gamma, factorials, error functions, Bessel, zeta and digamma.

Hard, because their recurrences and reflections are no rewriting that ends, some have
no enclosure, and they grow or vanish so fast that a false neighbour agrees to many
digits.
"""

# ruff: noqa: E501

from sympy import (
    Abs,
    Derivative,
    E,
    EulerGamma,
    I,
    LambertW,
    Rational,
    acos,
    acosh,
    acot,
    acoth,
    airyai,
    airyaiprime,
    airybi,
    airybiprime,
    asec,
    asin,
    asinh,
    atan,
    atanh,
    besseli,
    besselj,
    besselk,
    bessely,
    beta,
    binomial,
    cos,
    cot,
    coth,
    digamma,
    dirichlet_eta,
    erf,
    erf2,
    erfc,
    erfi,
    exp,
    expint,
    factorial,
    factorial2,
    gamma,
    hankel1,
    hankel2,
    harmonic,
    hermite,
    hyper,
    jn,
    log,
    loggamma,
    lowergamma,
    pi,
    polygamma,
    rf,
    sign,
    sin,
    sqrt,
    symbols,
    uppergamma,
    zeta,
)

from .making import maker

twin = maker("special")
x = symbols("x", real=True)
z = symbols("z")
s, t = symbols("s t", positive=True)
n, k = symbols("n k", integer=True, nonnegative=True)
unit = (x > 0, x < 1)

TWINS = [
    # Gamma and its relatives.
    twin("gamma's recurrence", gamma(s + 1), s * gamma(s), (s + 1) * gamma(s)),
    twin("gamma twice back", gamma(s + 2) / gamma(s), s**2 + s, s**2 + s + exp(-1 / s**2) / 10**9),
    twin("duplication", gamma(s) * gamma(s + Rational(1, 2)), 2 ** (1 - 2 * s) * sqrt(pi) * gamma(2 * s), 2 ** (2 - 2 * s) * sqrt(pi) * gamma(2 * s)),
    twin("triplication", gamma(s) * gamma(s + Rational(1, 3)) * gamma(s + Rational(2, 3)), 2 * pi * 3 ** (Rational(1, 2) - 3 * s) * gamma(3 * s), 2 * pi * 3 ** (-3 * s) * gamma(3 * s)),
    # At x = 1/4 sin and cos agree.
    twin("reflection", gamma(x) * gamma(1 - x), pi / sin(pi * x), pi / cos(pi * x), unit),
    # The next terms of Stirling's series are left out: relatively 1/(288 s^2).
    twin("Stirling is no identity", gamma(s + 1), s * gamma(s), sqrt(2 * pi * s) * (s / E) ** s * (1 + 1 / (12 * s)), (s > 10**6,)),
    # Where gamma is negative, its log has the imaginary part pi, loggamma not so.
    twin("the log of gamma", log(gamma(s + 1)), log(s) + loggamma(s), log(s + 1) + loggamma(s)),
    twin("the log of gamma, left of 0", log(gamma(x)), loggamma(x), loggamma(x), (x > 0,), (x > -2, x < -1)),
    twin("beta", beta(s, t), gamma(s) * gamma(t) / gamma(s + t), gamma(s) * gamma(t) / gamma(s + t + 1)),
    twin("beta's recurrence", beta(s + 1, t), beta(s, t) * s / (s + t), beta(s, t) * s / (s + t + 1)),
    twin("incomplete gamma", uppergamma(s + 1, t), s * uppergamma(s, t) + t**s * exp(-t), s * uppergamma(s, t) - t**s * exp(-t)),
    twin("two halves of gamma", lowergamma(s, t) + uppergamma(s, t), gamma(s), gamma(s) * (1 + exp(-t - s) / 10**6)),
    # Factorials and binomials.
    twin("double factorials", factorial(2 * n), 2**n * factorial(n) * factorial2(2 * n - 1), 2**n * factorial(n) * factorial2(2 * n + 1)),
    twin("factorials of n + 2", factorial(n + 2), (n + 2) * (n + 1) * factorial(n), (n + 2) * (n + 1) * factorial(n) + binomial(n, 60)),
    twin("Catalan", binomial(2 * n, n) / (n + 1), binomial(2 * n, n) - binomial(2 * n, n + 1), binomial(2 * n, n) - binomial(2 * n, n + 2)),
    twin("absorption", k * binomial(n, k), n * binomial(n - 1, k - 1), n * binomial(n - 1, k), (n >= 1, k >= 1)),
    twin("Pascal with two symbols", binomial(n + 1, k + 1), binomial(n, k) + binomial(n, k + 1), binomial(n, k) + binomial(n + 1, k)),
    twin("binomial of a real", binomial(x, 3), x * (x - 1) * (x - 2) / 6, x * (x - 1) * (x + 2) / 6),
    twin("rising factorials", rf(s, n), gamma(s + n) / gamma(s), gamma(s + n + 1) / gamma(s + 1)),
    # Error functions. Beyond x = 30 erfc is below 10^-390.
    twin("erfc", erfc(x), 1 - erf(x), 1 - erf(x) + exp(-(x**2)) / 10**20),
    twin("erfc far out", erfc(x), 1 - erf(x), exp(-(x**2)) / (x * sqrt(pi)), (x > 30,)),
    twin("erf far out", erf(x), 1 - erfc(x), 1, (x > 30,)),
    twin("erfc reflected", erfc(-x), 2 - erfc(x), 2 - erfc(Abs(x))),
    twin("the slope of erf", Derivative(erf(x), x), 2 * exp(-(x**2)) / sqrt(pi), exp(-(x**2)) / sqrt(pi)),
    twin("the slope of erfi", Derivative(erfi(x), x), 2 * exp(x**2) / sqrt(pi), 2 * exp(-(x**2)) / sqrt(pi)),
    twin("erf by a logistic is no identity", erf(x), -erf(-x), 2 / (1 + exp(-2 * Rational(1702, 1000) * sqrt(2) * x)) - 1),
    # Bessel functions.
    twin("J's recurrence", besselj(1, s) + besselj(3, s), 4 * besselj(2, s) / s, 2 * besselj(2, s) / s),
    twin("J's recurrence at any order", besselj(n, s) + besselj(n + 2, s), 2 * (n + 1) * besselj(n + 1, s) / s, 2 * n * besselj(n + 1, s) / s),
    twin("I's recurrence", besseli(0, s) - besseli(2, s), 2 * besseli(1, s) / s, 2 * besseli(1, s)),
    twin("K's recurrence", besselk(2, s) - besselk(0, s), 2 * besselk(1, s) / s, besselk(1, s) / s),
    twin("J's Wronskian", besselj(1, s) * bessely(0, s) - besselj(0, s) * bessely(1, s), 2 / (pi * s), 1 / (pi * s)),
    twin("I's and K's Wronskian", besseli(0, s) * besselk(1, s) + besseli(1, s) * besselk(0, s), 1 / s, 1 / s + exp(-s) / 10**12),
    twin("J of order 1/2", besselj(Rational(1, 2), s), sqrt(2 / (pi * s)) * sin(s), sqrt(2 / (pi * s)) * cos(s)),
    twin("the slope of J", Derivative(besselj(0, s), s), -besselj(1, s), besselj(1, s)),
    twin("Airy's Wronskian", airyai(x) * airybiprime(x) - airyaiprime(x) * airybi(x), 1 / pi, 1 / (2 * pi)),
    # Zeta and digamma.
    twin("Hurwitz's zeta", zeta(3, s + 1), zeta(3, s) - s**-3, zeta(3, s) - s**-2),
    twin("eta at 3", dirichlet_eta(3), Rational(3, 4) * zeta(3), Rational(7, 8) * zeta(3)),
    # Apery's number to 30 digits is 1.20205690315959428539973816151.
    twin("zeta at 3", zeta(3), Rational(4, 3) * dirichlet_eta(3), Rational(120205690315959428539973816151, 10**29)),
    twin("digamma's recurrence", digamma(s + 1), digamma(s) + 1 / s, digamma(s) + 1 / (s + 1)),
    twin("digamma's reflection", digamma(1 - x) - digamma(x), pi * cot(pi * x), pi * cot(x), unit),
    twin("digamma is no log", digamma(s), digamma(s + 2) - 1 / s - 1 / (s + 1), log(s) - 1 / (2 * s) - 1 / (12 * s**2), (s > 10**6,)),
    twin("trigamma's recurrence", polygamma(1, s + 1), polygamma(1, s) - 1 / s**2, polygamma(1, s) + 1 / s**2),
    twin("harmonic numbers", harmonic(n), digamma(n + 1) + EulerGamma, digamma(n) + EulerGamma, (n >= 1,)),
    twin("the slope of gamma", Derivative(gamma(s), s), gamma(s) * digamma(s), gamma(s) * log(s)),
    twin("the log of gamma, duplicated", loggamma(2 * s), loggamma(s) + loggamma(s + Rational(1, 2)) + (2 * s - 1) * log(2) - log(pi) / 2, loggamma(s) + loggamma(s + Rational(1, 2)) + (2 * s - 1) * log(2) - log(pi) / 3),
    twin("digamma, duplicated", digamma(2 * s), (digamma(s) + digamma(s + Rational(1, 2))) / 2 + log(2), digamma(s) + log(2) + 1 / (4 * s)),
    # Three more terms of Stirling's series: far out they leave 10^-22.
    twin("the log of gamma by its series", loggamma(s), loggamma(s + 1) - log(s), (s - Rational(1, 2)) * log(s) - s + log(2 * pi) / 2 + 1 / (12 * s) - 1 / (360 * s**3) + 1 / (1260 * s**5), (s > 500,)),
    twin("trigamma's reflection", polygamma(1, x) + polygamma(1, 1 - x), pi**2 / sin(pi * x) ** 2, pi**2 / sin(pi * x), unit),
    # Beside numbers that no moderate precision shows, and where they saturate.
    twin("J beside 10^-200", besselj(0, x), besselj(0, -x), besselj(0, x) + Rational(1, 10**200)),
    twin("the log of gamma beside 10^-300", loggamma(s + 1), loggamma(s) + log(s), loggamma(s) + log(s) + Rational(1, 10**300)),
    twin("digamma times 1 + 10^-150", digamma(s + 1), digamma(s) + 1 / s, (digamma(s) + 1 / s) * (1 + Rational(1, 10**150))),
    twin("Lambert's W beside 10^-120", LambertW(s) * exp(LambertW(s)), s, s + Rational(1, 10**120)),
    # K_0(300) is about 10^-132, and J_30(1/100) about 10^-102.
    twin("K far out", besselk(2, s) - besselk(0, s), 2 * besselk(1, s) / s, 0, (), (s > 300,)),
    twin("J of order 30 near 0", besselj(30, s) + besselj(32, s), 62 * besselj(31, s) / s, 0, (), (s < Rational(1, 100),)),
    twin("zeta far out", zeta(s, 2), zeta(s, 3) + 2 ** (-s), 0, (s > 1,), (s > 450,)),
    twin("eta far out", dirichlet_eta(s), (1 - 2 ** (1 - s)) * zeta(s), 1, (s > 1,), (s > 500,)),
    twin("I of order 1/2", besseli(Rational(1, 2), s), sqrt(2 / (pi * s)) * (exp(s) - exp(-s)) / 2, exp(s) / sqrt(2 * pi * s), (), (s > 300,)),
    twin("beta far out", beta(s, t), beta(t, s), 0, (), (s > 300, t > 300)),
    # Half-integer orders are elementary, and neighbouring ones tied.
    twin("K of order 1/2 in the plane", besselk(Rational(1, 2), z), sqrt(pi / 2) * exp(-z) / sqrt(z), sqrt(pi / (2 * z)) * exp(-z)),
    twin("I of order 5/2 far out", besseli(Rational(5, 2), s) * sqrt(2 * pi * s), exp(s) * (1 - 3 / s + 3 / s**2) - exp(-s) * (1 + 3 / s + 3 / s**2), exp(s) * (1 - 3 / s + 3 / s**2), (s > 200,)),
    twin("J of order 1/2 on the line", besselj(Rational(1, 2), x), sqrt(2 / pi) * sin(x) / sqrt(x), sqrt(2 / (pi * x)) * sin(x)),
    twin("Y of order -3/2", bessely(-Rational(3, 2), s), -besselj(Rational(3, 2), s), besselj(Rational(3, 2), s)),
    twin("the quotient of two I's", besseli(-Rational(1, 2), s) / besseli(Rational(1, 2), s), coth(s), 1, (s > 300,)),
    twin("K of any order", besselk(x + 1, s), besselk(x - 1, s) + 2 * x * besselk(x, s) / s, besselk(x - 1, s) + 2 * (x + Rational(1, 10**9)) * besselk(x, s) / s),
    twin("both Hankel functions", hankel1(0, s) + hankel2(0, s), 2 * besselj(0, s), besselj(0, s)),
    twin("the spherical J is even", jn(0, -x), jn(0, x), -jn(0, x)),
    twin("where J changes its sign", Abs(besselj(0, s)), besselj(0, s) * sign(besselj(0, s)), besselj(0, s), (s < 3,)),
    # Zeta's terms one by one.
    twin("zeta but for three terms", zeta(s), zeta(s, 4) + 1 + 2**-s + 3**-s, 1 + 2**-s + 3**-s, (s > 1000,)),
    twin("zeta by an argument in the plane", zeta(z, 3), zeta(z) - 1 - 2**-z, zeta(z) - 1 - 2**-z - 3**-z),
    twin("eta by zeta in the plane", dirichlet_eta(z), (1 - 2 ** (1 - z)) * zeta(z), (1 - 2**-z) * zeta(z)),
    # What saturates, beside a function of which no enclosure is known.
    twin("erf beside Airy's function", erf(s) + airyai(s / 1000), 1 - erfc(s) + airyai(s / 1000), 1 + airyai(s / 1000), (s > 21, s < 24)),
    twin("erf between two numbers", erf2(-s, s), 2 * erf(s), 2, (s > 19, s < 24)),
    # The inverse functions of a reciprocal.
    twin("the inverse cotangent", acot(x), atan(1 / x), pi / 2 - atan(x)),
    twin("the inverse hyperbolic cotangent far out", acoth(s), atanh(1 / s), 1 / s, (s > 10**70,)),
    twin("the inverse secant", asec(s), acos(1 / s), acos(1 / s) + Rational(1, 10**50), (s > 1,)),
    twin("the inverse hyperbolic cosine on its cut", acosh(-1 - s), log(1 + s + sqrt(s**2 + 2 * s)) + I * pi, log(1 + s + sqrt(s**2 + 2 * s)) - I * pi),
    twin("a binomial series", hyper((x,), (), -s), (1 + s) ** -x, (1 + s) ** x),
    # Others.
    twin("the spherical J", jn(1, s), sin(s) / s**2 - cos(s) / s, sin(s) / s**2 + cos(s) / s),
    twin("the spherical J at any argument below 200", jn(0, s), sin(s) / s, sin(s) / s + exp(-s) / 10**30),
    twin("arcsine and arccosine, beyond 1, too", asin(x) + acos(x), pi / 2, pi / 2 + x**2 / 10**9),
    twin("arcosh near 1", acosh(1 + s), 2 * asinh(sqrt(s / 2)), sqrt(2 * s), (s < Rational(1, 10**60),)),
    twin("a binomial far out", 1 / binomial(2 * n, n), factorial(n) ** 2 / factorial(2 * n), 0, (n > 400,)),
    twin("Lambert's W", LambertW(s) * exp(LambertW(s)), s, s * (1 + exp(-s) / 10**9)),
    twin("Lambert's W of x exp(x)", LambertW(x * exp(x)), x, x, (x >= -1,), (x >= -2,)),
    twin("exponential integrals", s * expint(2, s), s * exp(-s) - s**2 * expint(1, s), s * exp(-s) - s * expint(1, s)),
    twin("Hermite's recurrence", hermite(5, x), 2 * x * hermite(4, x) - 8 * hermite(3, x), 2 * x * hermite(4, x) - 10 * hermite(3, x)),
]  # fmt: skip
