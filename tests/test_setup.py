"""What installs the project agrees with itself: pins, lock, targets and workflows."""

import re

import pytest
import yaml

from tools.digest import ROOT

PIN = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[\w.]+)")
REQUIREMENTS = (ROOT / "requirements.txt").read_text("utf-8")
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def pins(text: str) -> set[tuple[str, str]]:
    """Return the names, in their normal form, and versions that a file pins."""
    found = (PIN.match(line) for line in text.splitlines())
    return {
        (re.sub(r"[-_.]+", "-", p["name"]).lower(), p["version"]) for p in found if p
    }


def test_every_requirement_is_pinned() -> None:
    lines = [line for line in REQUIREMENTS.splitlines() if line.partition("#")[0]]
    assert [line for line in lines if not PIN.match(line)] == []


def test_lock_satisfies_the_requirements() -> None:
    assert pins(REQUIREMENTS) - pins(LOCK) == set(), "run `make lock`"


def test_lock_has_a_hash_for_everything_and_no_address() -> None:
    entries = re.split(r"\n(?=\S)", LOCK)
    named = [entry for entry in entries if not entry.startswith("#")]
    assert [e.splitlines()[0] for e in named if "--hash=sha256:" not in e] == []
    assert [e.splitlines()[0] for e in named if not PIN.match(e)] == []
    assert re.findall(r"\S*(?://|@ |--index|--find)\S*", LOCK) == []


def scripts(workflow: dict) -> str:
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    return "\n".join(step.get("run", "") for step in steps)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_calls_targets_that_exist(path) -> None:
    called = re.findall(
        r"\bmake ([a-z]+)", scripts(yaml.safe_load(path.read_text("utf-8")))
    )
    assert set(called) <= TARGETS


def test_every_python_is_named_everywhere() -> None:
    """Where the project is told which Pythons it runs on, it is told the same."""
    book = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text("utf-8"))
    assert book["jobs"]["test"]["strategy"]["matrix"]["python"] == PYTHONS
    assert "(3, 11) <= sys.version_info[:2] < (3, 15)" in MAKEFILE
    assert all(f"python{version}" in MAKEFILE for version in PYTHONS)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert 'requires-python = ">=3.11,<3.15"' in project
