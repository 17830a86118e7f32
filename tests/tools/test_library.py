"""The list of the library is what its doors name, and equations link both ways."""

import ast
import importlib

import pytest

from tests.shared import book_rules
from tools.notebooks import book_notebooks, read
from tools.site import library

ENTRIES = library.entries()


@pytest.mark.parametrize("wing", library.WINGS)
def test_what_a_door_names_is_listed(wing: str) -> None:
    door = importlib.import_module(f"lib.{wing}")
    listed = {entry.name for entry in ENTRIES if entry.wing == wing}
    modules = {entry.module.split(".")[-1] for entry in ENTRIES if entry.wing == wing}
    for name in door.__all__:
        assert name in listed | modules or name.isupper(), name


def test_what_modules_pass_on_is_listed_once_where_it_is_defined() -> None:
    modules = [entry.module for entry in ENTRIES if entry.name == "TransformerConfig"]
    assert modules == ["lib.models.config"]
    # Two modules take it.
    modules = [entry.module for entry in ENTRIES if entry.name == "trained_directions"]
    assert modules == ["lib.experiments.configurations"]


def test_anchors_are_distinct() -> None:
    anchors = [entry.anchor for entry in ENTRIES]
    assert len(set(anchors)) == len(anchors) > 150


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(x: int, *, y=1) -> int:\n    ...", "f(x: int, *, y=1) -> int"),
        (
            "class A:\n    def __init__(self, b: int=2):\n        ...",
            "class A(b: int=2)",
        ),
        ("class A:\n    def __init__(self):\n        ...", "class A()"),
        ("class A:\n    b: int\n    c: str = ''", "class A(b: int, c: str='')"),
        ("class A(F):\n    def eval(cls, x, y):\n        ...", "class A(x, y)"),
    ],
)
def test_a_signature_is_as_one_calls(source: str, expected: str) -> None:
    found = library.signature(ast.parse(source).body[0])
    assert found.replace(" = ", "=") == expected


def test_equations_that_are_implemented_are_of_the_book() -> None:
    labels = set().union(
        *(book_rules.notebook_labels(read(path)) for path in book_notebooks())
    )
    implemented = library.implementations()
    assert implemented
    assert set(implemented) <= labels
    assert [e.name for e in implemented["eq-kl-univariate"]] == ["kl_univariate"]


def test_names_of_shapes_are_spelt_out() -> None:
    assert """`Vectors` is `Float[Tensor, '*#batch dims']`""" in library.sections()
