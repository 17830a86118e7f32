"""What the registry says of equations 1 to 22 beyond their own statements."""

import pytest
from sympy import exp

from lib.report.concordance import equation
from lib.report.vae import equations
from lib.report.vae.equations import SPIKE, c
from lib.report.vae.symbols import epsilon


def test_smooth_map_of_equation_21_is_a_counterexample() -> None:
    """At c = 0 its mean has slope one, and its slope is zero for every noise."""
    decision = equation(21).check_printed()
    assert not decision.holds
    assert decision.counterexample.endswith("left 1.0, right 0.0")


@pytest.mark.parametrize("power", [2, 3])
def test_map_without_escaping_mass_is_no_counterexample(
    monkeypatch: pytest.MonkeyPatch, power: int
) -> None:
    """With a mean of higher order in c, both slopes are zero at c = 0."""
    tame = SPIKE.xreplace({SPIKE.args[1]: exp(epsilon**2 * (1 - c**power) / 2)})
    assert tame != SPIKE
    monkeypatch.setattr(equations, "SPIKE", tame)
    assert equation(21).check_printed().holds
