"""What a network's sizes and kinds may be, and the line that says what may not."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from lib.models import config
from lib.models.config import TransformerConfig

LEAST = TransformerConfig(
    vocabulary=1,
    width=2,
    hidden=1,
    heads=1,
    encoder_layers=0,
    decoder_layers=0,
    longest=1,
)


def refused(line):
    return pytest.raises(ValueError, match=f"^{re.escape(line)}$")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (1, "n must be at least 2, not 1"),
        (5, "n must be at most 4, not 5"),
        (3.0, "n must be a whole number, not 3.0"),
        ("3", "n must be a whole number, not '3'"),
        (True, "n must be a whole number, not True"),
        ((2, 5, 1), "n must be at most 4, not 5"),
        ((2, None), "n must be a whole number, not None"),
    ],
)
def test_a_whole_number_or_each_of_several_lies_in_its_range(value, line) -> None:
    for some, others in ((2, 4), ((2, 3, 4), ())):
        both = SimpleNamespace(m=some, n=others)
        config.require_range(both, ("m", "n"), 2, 4)
    with refused(line):
        config.require_range(SimpleNamespace(m=3, n=value), ("m", "n"), 2, 4)


@pytest.mark.parametrize("value", [0, 0.0, 0.999])
def test_a_share_lies_from_0_to_below_1(value) -> None:
    config.require_share(SimpleNamespace(p=value), "p")


@pytest.mark.parametrize("value", [-1e-9, 1, 1.5, False, "0", None, float("nan"), 0j])
def test_what_is_no_share_is_named(value) -> None:
    with refused(f"p must lie in [0, 1), not {value!r}"):
        config.require_share(SimpleNamespace(p=value), "p")


@pytest.mark.parametrize("value", [0, 1, "", None])
def test_what_is_neither_true_nor_false_is_named(value) -> None:
    config.require_truth(SimpleNamespace(a=True, b=False), ("a", "b"))
    with refused(f"b must be true or false, not {value!r}"):
        config.require_truth(SimpleNamespace(a=True, b=value), ("a", "b"))


def test_a_number_is_finite_and_real_and_no_truth() -> None:
    numbers = [0, -3, 2.5]
    assert all(map(config.is_number, numbers))
    infinite = float("inf")
    others = [True, False, "1", None, 1j, infinite, -infinite, float("nan")]
    assert not any(map(config.is_number, others))


def test_a_choice_is_one_of_those_that_are_listed() -> None:
    one = SimpleNamespace(kind="sun", other="moon")
    config.require_choice(one, "kind", ("rain", "sun"))
    with refused("other must be one of rain, sun, not 'moon'"):
        config.require_choice(one, "other", ("rain", "sun"))


@pytest.mark.parametrize("placement", ["post", "res_post", "pre", "sandwich", "none"])
def test_the_smallest_transformer_may_be_and_so_may_each_placement(placement) -> None:
    assert replace(LEAST, placement=placement).placement == placement


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        *[
            (field, 0, f"{field} must be at least 1, not 0")
            for field in ("vocabulary", "width", "hidden", "heads", "longest")
        ],
        *[
            (field, -1, f"{field} must be at least 0, not -1")
            for field in ("encoder_layers", "decoder_layers")
        ],
        ("width", 3, "width must be even and a multiple of heads, 1, not 3"),
        ("heads", 4, "width must be even and a multiple of heads, 4, not 2"),
        (
            "placement",
            "mid",
            "placement must be one of post, res_post, pre, sandwich, none, not 'mid'",
        ),
        ("final_norm", 1, "final_norm must be true or false, not 1"),
        ("qk_norm", None, "qk_norm must be true or false, not None"),
        ("dropout", 1.0, "dropout must lie in [0, 1), not 1.0"),
    ],
)
def test_a_transformer_that_cannot_be_is_named(field, value, line) -> None:
    found = replace(LEAST)
    object.__setattr__(found, field, value)  # of any type, which tests else refuse
    with refused(line):
        found.__post_init__()
