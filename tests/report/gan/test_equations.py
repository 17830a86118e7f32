"""The two updates: direction, order and rate are decided by what a step does."""

from dataclasses import replace

import pytest
from sympy import Expr

from lib.proof.calculus import Gradient
from lib.report.concordance import equation
from lib.report.gan.equations import PART
from lib.report.gan.symbols import (
    V,
    alpha,
    psi,
    psi_next,
    theta,
    theta_next,
)

BOTH_OLD, NEW = V(psi, theta), V(psi_next, theta)


@pytest.mark.parametrize(
    "step",
    [
        psi - alpha * Gradient(BOTH_OLD, psi),  # descent for ascent
        -psi + alpha * Gradient(BOTH_OLD, psi),
        psi + alpha * Gradient(BOTH_OLD, theta),  # the other's slope
        theta + alpha * Gradient(BOTH_OLD, theta),  # the other's step
        psi + alpha * Gradient(V(psi, theta_next), psi),  # after the other's step
        psi + alpha * Gradient(V(psi_next, theta), psi_next),  # of the new place
        psi_next + alpha * Gradient(BOTH_OLD, psi),  # from the new place
        psi + alpha**2 * Gradient(BOTH_OLD, psi),
        psi + (alpha + alpha**2) * Gradient(BOTH_OLD, psi),
        psi + 2 * alpha * Gradient(BOTH_OLD, psi),
        psi + Gradient(BOTH_OLD, psi),
        alpha * Gradient(BOTH_OLD, psi),
        psi,
    ],
)
def test_no_other_step_of_the_discriminator_passes(step: Expr) -> None:
    _refused("34", step)


@pytest.mark.parametrize(
    "step",
    [
        theta + alpha * Gradient(NEW, theta),  # ascent for descent
        -theta - alpha * Gradient(NEW, theta),
        theta - alpha * Gradient(BOTH_OLD, theta),  # simultaneous for alternating
        theta - alpha * Gradient(V(psi, theta_next), theta_next),  # the new theta
        theta - alpha * Gradient(V(psi_next, theta_next), theta_next),
        theta_next - alpha * Gradient(NEW, theta),
        theta - alpha * Gradient(NEW, psi_next),  # the other's slope
        theta - alpha**2 * Gradient(NEW, theta),
        theta - 2 * alpha * Gradient(NEW, theta),
        theta - Gradient(NEW, theta),
        -alpha * Gradient(NEW, theta),
        theta,
    ],
)
def test_no_other_step_of_the_generator_passes(step: Expr) -> None:
    _refused("35", step)


def _refused(number: str, step: Expr) -> None:
    stated = equation(number).corrected
    decision = replace(stated, members=(stated.left, step)).decide()
    assert not decision.holds
    assert decision.counterexample


@pytest.mark.parametrize("left", [-psi_next, 2 * psi_next, psi, theta_next])
def test_step_is_to_the_players_new_place(left: Expr) -> None:
    stated = equation(34).corrected
    assert not replace(stated, members=(left, stated.right)).decide().holds


def test_generator_answers_the_discriminators_own_update(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If the discriminator descended, the players would not go round the ellipse."""
    ascent = equation(34).corrected
    down = replace(ascent, members=(psi_next, 2 * psi - ascent.right))
    claim = replace(equation(34), corrected=down)
    monkeypatch.setitem(PART._built, "34", claim)
    decision = equation(35).corrected.decide()
    assert decision.counterexample.startswith("the ellipse: ")
