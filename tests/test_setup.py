"""What installs the project agrees with itself: pins, lock, targets and workflows."""

import re
from pathlib import Path

import pytest
import yaml

from tools.digest import ROOT
from tools.lock import PIN, pins

REQUIREMENTS = (ROOT / "requirements.txt").read_text("utf-8")
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def test_every_requirement_is_pinned() -> None:
    lines = [line for line in REQUIREMENTS.splitlines() if line.partition("#")[0]]
    assert [line for line in lines if not PIN.match(line)] == []


def test_lock_satisfies_the_requirements() -> None:
    named, locked = pins(REQUIREMENTS), pins(LOCK)
    assert named.items() <= locked.items(), "run `make lock`"


def test_lock_has_one_version_of_each_package_for_all_pythons() -> None:
    assert len(PIN.findall(LOCK)) == len(pins(LOCK))


def test_lock_has_a_hash_for_everything_and_no_address() -> None:
    entries = re.split(r"\n(?=\S)", LOCK)
    named = [entry for entry in entries if not entry.startswith("#")]
    assert [e.splitlines()[0] for e in named if "--hash=sha256:" not in e] == []
    assert [e.splitlines()[0] for e in named if not PIN.match(e)] == []
    assert re.findall(r"\S*(?://|@ |--index|--find)\S*", LOCK) == []


def called(script: str) -> set[str]:
    """Return the targets that a script makes, by make itself or through .ci/run."""
    name = r"[-.\w/]+(?![-.\w/=])"  # and no variable, which has a value
    words = re.findall(rf"(?:\bmake|\.ci/run)((?: {name})*)", script)
    return {word for line in words for word in line.split() if word.isalpha()}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_makes_targets_that_exist(path: Path) -> None:
    jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"].values()
    scripts = [step.get("run", "") for job in jobs for step in job["steps"]]
    assert called("\n".join(scripts)) <= TARGETS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_names_actions_by_their_commits(path: Path) -> None:
    """A tag may be moved; a hash may not. The version stands beside it, for people."""
    text = path.read_text("utf-8")
    used = re.findall(r"uses: (.*)", text)
    pinned = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [action for action in used if not pinned.fullmatch(action)] == []


def test_one_action_has_one_version() -> None:
    texts = "".join(path.read_text("utf-8") for path in WORKFLOWS)
    used = set(re.findall(r"uses: (.*)", texts))
    assert len({action.partition("@")[0] for action in used}) == len(used) > 0


def test_nothing_has_a_placeholder_for_an_address() -> None:
    for name in ("README.md", "_config.yml", "CITATION.cff"):
        assert "OWNER" not in (ROOT / name).read_text("utf-8")


def test_ci_makes_targets_that_exist() -> None:
    script = (ROOT / ".ci/run").read_text("utf-8").partition("\nset ")[2]
    assert called(script) == {"browser"} <= TARGETS
    assert '"${@:-test}"' in script


def test_every_python_is_named_everywhere() -> None:
    """Where the project is told which Pythons it runs on, it is told the same."""
    book = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text("utf-8"))
    assert book["jobs"]["test"]["strategy"]["matrix"]["python"] == PYTHONS
    assert "(3, 11) <= sys.version_info[:2] < (3, 15)" in MAKEFILE
    assert all(f"python{version}" in MAKEFILE for version in PYTHONS)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert 'requires-python = ">=3.11,<3.15"' in project
