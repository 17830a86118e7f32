"""A derivation as plain data, for JSON, and back."""

from __future__ import annotations

from typing import Any

from .chain import Line, Step
from .derivation import Derivation
from .equality import Verdict
from .trees import as_tree, from_tree


def as_data(chain: Derivation) -> dict[str, Any]:
    """What ``restored`` needs to bring a derivation back: lines, reasons, conditions.

    Raises ``DerivationError`` of an expression that cannot be kept as data.
    """
    return {
        "name": chain.name,
        "label": chain.label,
        "start": _line(chain.start),
        "given": [as_tree(condition) for condition in chain.given],
        "where": [[as_tree(side) for side in pair] for pair in chain.where.items()],
        "beside": [as_tree(thing) for thing in chain.beside],
        "steps": [_step(step) for step in chain.steps],
    }


def _line(line: Line) -> list[Any]:
    return [as_tree(line.expression), line.verbatim]


def _step(step: Step) -> dict[str, Any]:
    about, order = step.order or ((), 0)
    return {
        "relation": step.relation,
        "line": _line(step.after),
        "because": step.because,
        "order": [[*map(as_tree, about)], order] if step.order else None,
    }


def restored(data: dict[str, Any]) -> Derivation:
    """The derivation that ``as_data`` has kept; its steps are not checked again.

    Raises ``DerivationError`` of data that name what is no expression.
    """
    chain = Derivation(
        from_tree(data["start"][0]), name=data["name"], given=_trees(data["given"])
    )
    chain.start = _restored(data["start"])
    chain.where = dict(_trees(pair) for pair in data["where"])
    chain.beside = tuple(_trees(data["beside"]))
    for step in data["steps"]:
        about, order = step["order"] or ([], 0)
        taken = Step(
            chain.last,
            step["relation"],
            _restored(step["line"]),
            step["because"],
            Verdict(True),
            order=(tuple(_trees(about)), order) if step["order"] else None,
        )
        chain.steps.append(taken)
    chain.label = data["label"]
    return chain


def _restored(line: list[Any]) -> Line:
    tree, verbatim = line
    return Line(from_tree(tree), verbatim)


def _trees(data: list[Any]) -> list[Any]:
    return [from_tree(tree) for tree in data]
