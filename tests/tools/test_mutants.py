"""Which mutants are drawn, which tests they meet, and how what is left is told."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from tools.digest import ROOT
from tools.mutants import __main__ as kept
from tools.mutants.__main__ import Result, Verdict, result, shard, told
from tools.mutants.drawing import (
    EQUIVALENT,
    MOST,
    Change,
    Mutated,
    change,
    concerning,
    drawn,
    equivalents,
    imports,
    modules,
    mutated,
    undecorated,
)
from tools.mutants.forks import forks
from tools.mutants.trampoline import wrap_in_trampoline

NAMES = [f"lib.a.x_f__mutmut_{number}" for number in range(400)]


def test_shards_share_out_what_is_drawn_and_no_draw_differs() -> None:
    whole = drawn(NAMES, "lib/a.py", (1, 1))
    assert len(whole) == len(set(whole)) == MOST
    parts = [drawn(NAMES, "lib/a.py", (number, 4)) for number in (1, 2, 3, 4)]
    assert sorted(name for part in parts for name in part) == sorted(whole)
    assert drawn(NAMES, "lib/b.py", (1, 1)) != whole
    assert sorted(drawn(NAMES[:20], "lib/a.py", (1, 1))) == sorted(NAMES[:20])


def test_every_module_is_there_and_meets_tests() -> None:
    assert "lib/models/gaussian.py" in modules()
    assert "lib/__main__.py" in modules()
    for module in modules():
        assert (ROOT / module).is_file()
        assert any(concerning(module)), module
    own, others = concerning("lib/models/gaussian.py")
    assert own == ["tests/models/test_gaussian.py", "tests/test_domains.py"]
    assert "tests/models/test_vae.py" in others
    assert "tests/test_main.py" in concerning("lib/__main__.py")[0]
    assert "tests/test_domains.py" in concerning("lib/models/domains.py")[0]
    assert "tests/experiments/test_norms.py" in concerning("lib/models/probes.py")[1]


def test_imports_are_read_in_both_forms() -> None:
    source = "import a.b\nfrom c.d import (e as f,\n  g)\n"
    assert imports(source) == {"a.b", "c.d", "c.d.e", "c.d.g"}


def test_a_change_is_its_lines_alone() -> None:
    was = ["def f():", "    x = 1", "    return x"]
    assert change(was, [was[0], "    x = 2", was[2]]) == Change("x = 1", "x = 2")
    assert change(was, [was[0], was[2]]) == Change("x = 1", "")


DECORATED = """
class A:
    @property
    def f(self):
        return 1

    @property
    def twice(self):
        return 1

    @twice.setter
    def twice(self, x):
        pass

    def g(self):
        return 1

@cache
# of all
@wraps(A)
def h():
    return 1
"""


def test_decorators_are_taken_from_all_that_is_defined_once() -> None:
    source, above = undecorated(DECORATED)
    assert above == {
        "xǁAǁf": "    @property",
        "x_h": "@cache\n# of all\n@wraps(A)",
    }
    assert len(source.splitlines()) == len(DECORATED.splitlines())
    assert source.count("@property") == source.count("@twice.setter") == 1


def test_what_has_no_mutants_keeps_its_decorator() -> None:
    made = mutated("lib/experiments/configurations.py")
    assert "@property\n    def epochs(self) -> int:\n" in made.code  # of the norms
    assert (
        "@property\n    @_mutmut_mutated(mutants_xǁIWAERunǁepochs__mutmut)" in made.code
    )


def test_what_is_decorated_has_mutants_and_its_decorator_acts_on_each() -> None:
    made = mutated("lib/models/gaussian.py")
    line = "return -std.log() - LOG_2PI / 2 - z * (z / 2)"
    assert Change(line, line.replace("-", "+", 1)) in made.changes.values()
    called = "@halves_in_single\n@_mutmut_mutated(mutants_x_log_density__mutmut)"
    assert made.code.count(called) == 1
    assert made.code.count("@halves_in_single") < 20
    compile(made.code, "mutated", "exec")


FUNCTIONS = {"_mutmut_orig": lambda: "as it is", "x_f__mutmut_1": lambda: "mutated"}


def test_a_trampoline_calls_what_is_chosen_and_notes_each_function_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def x_f__mutmut_orig() -> str:
        return "as it is"

    chosen = FUNCTIONS | {"_mutmut_orig": x_f__mutmut_orig}
    called = wrap_in_trampoline(chosen)(x_f__mutmut_orig)
    monkeypatch.delenv("MUTANT", raising=False)
    assert called() == "as it is"
    monkeypatch.setenv("MUTANT", "x_f__mutmut_1")
    assert called() == "mutated"
    monkeypatch.setenv("MUTANT", "x_other__mutmut_1")
    monkeypatch.setenv("MUTANT_HITS", str(tmp_path / "hits"))
    assert [called(), called()] == ["as it is", "as it is"]
    assert (tmp_path / "hits").read_text() == "x_f__mutmut\n"


def test_a_fork_tells_how_it_ended_and_leaves_nothing(tmp_path: Path) -> None:
    def tell(folder: Path) -> None:
        (folder / "told").write_text(str(folder))

    def die(folder: Path) -> None:
        os.kill(os.getpid(), signal.SIGALRM)

    ended = dict(forks({"a": tell, "b": die, "c": lambda _: sys.exit(3)}, jobs=2))
    places = [Path(x.text) for x in ended.values() if x.text]
    assert {name: x.status for name, x in ended.items()} == {
        "a": 0,
        "b": -signal.SIGALRM,
        "c": 1,
    }
    assert len(places) == 1
    assert not places[0].exists()
    assert not list(forks({"a": tell}, jobs=1, end=0))


def test_what_is_equivalent_is_of_a_line_of_the_code_and_has_a_reason() -> None:
    for module, entries in tomllib.loads(EQUIVALENT.read_text("utf-8")).items():
        lines = [line.strip() for line in (ROOT / module).read_text().splitlines()]
        for changed, why in equivalents(module).items():
            assert set(changed.was.split("\n")) <= set(lines), changed.was
            assert why
        assert len(entries) == len(equivalents(module))


@pytest.mark.parametrize("text", ["", "1", "0/4", "5/4", "a/b", "1/4/2"])
def test_a_shard_is_one_of_so_many(text: str) -> None:
    with pytest.raises(Exception, match="is not i/n"):
        shard(text)


MODULE = """
from tools.mutants.trampoline import wrap_in_trampoline

mutants = {}

@wrap_in_trampoline(mutants)
def f():
    return 1

mutants["_mutmut_orig"] = x_f__mutmut_orig = lambda: 1
x_f__mutmut_orig.__name__ = "x_f__mutmut_orig"
mutants["x_f__mutmut_1"] = lambda: 2
mutants["x_f__mutmut_2"] = lambda: True
mutants["x_f__mutmut_3"] = lambda: __import__("os")._exit(7)
"""
CONFTEST = """
import hypothesis
hypothesis.settings.register_profile("checked gradients")
"""
TESTS = """
import subprocess, sys
import pytest
from module import f

@pytest.fixture(scope="module")
def made():
    return f()

def test_first_sees_nothing(made):
    pass

def test_second_sees_what_the_fixture_made(made):
    assert made == 1

def test_another_process():
    subprocess.run([sys.executable, "-c", "from module import f; f()"], check=True)

def test_which_always_fails():
    assert f() == 3

def test_of_nothing():
    assert False
"""


@pytest.mark.parametrize("last", [True, False])
def test_mutants_meet_the_tests_that_call_them_up_to_the_first_failure(
    tmp_path: Path, last: bool
) -> None:
    texts = {"module.py": MODULE, "conftest.py": CONFTEST, "test_it.py": TESTS}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    mutants = [f"x_f__mutmut_{number}" for number in (1, 2, 3)]
    work = {"mutants": mutants, "jobs": 2, "end": time.time() + 100}
    place = tmp_path / "verdicts"
    work |= {"tests": ["test_it.py"], "to": str(place), "last": last}
    done = subprocess.run(
        [sys.executable, "-m", "tools.mutants.trying"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        input=json.dumps(work),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = map(json.loads, place.read_text().splitlines())
    survivor = {"x_f__mutmut_2": ""} if last else {}
    assert {x["mutant"]: x["killed_by"] for x in lines} == survivor | {
        "x_f__mutmut_1": "test_it.py::test_second_sees_what_the_fixture_made",
        "x_f__mutmut_3": "status 7",
    }
    assert "test_which_always_fails fails without a mutant" in done.stderr


def test_what_survived_is_forgotten_with_the_tests_and_all_with_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, digests = tmp_path / "kept" / "m.jsonl", {"m": "1", "tests/t": "1"}
    monkeypatch.setattr(kept, "concerning", lambda module: (["tests/t"], []))
    monkeypatch.setattr(kept, "digest", lambda files: digests[files[0]])
    kept.forget(place, "m")
    assert kept.decided(place) == {}
    line = '{"mutant": "%s", "killed_by": "%s", "seconds": 1.5}\n'
    with place.open("a") as file:
        file.write(line % ("a", "t") + line % ("b", ""))
    both = {"a": Verdict("t", 1.5), "b": Verdict("", 1.5)}
    kept.forget(place, "m")
    assert kept.decided(place) == both
    digests["tests/t"] = "2"
    kept.forget(place, "m")
    assert kept.decided(place) == {"a": both["a"]}
    digests["m"] = "2"
    kept.forget(place, "m")
    assert kept.decided(place) == {}


def test_a_module_comes_to_what_its_mutants_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changes = {name: Change("x", name) for name in "abcd"}
    same = {Change("x", "b"): "for a reason"}
    monkeypatch.setattr("tools.mutants.__main__.equivalents", lambda module: same)
    made = Mutated("", changes)
    verdicts = {"a": Verdict("a test", 2.0), "c": Verdict("", 3.0)}
    found = result("m", made, list("abcd"), verdicts)
    assert found == Result("m", 4, 1, 1, {"c": changes["c"]}, 1, 5.0)


def test_all_but_one_in_twenty_are_to_be_killed() -> None:
    change = {"m": Change("a", "b")}
    assert Result("m", 20, 19, 0, change, 0, 1.0).enough
    assert not Result("m", 19, 18, 0, change, 0, 1.0).enough
    assert told([Result("m", 20, 19, 0, change, 0, 1.4)]).splitlines() == [
        "m",
        "    - a",
        "    + b",
        "| module | drawn | killed | equivalent | survived | undecided | seconds |",
        "|---|---|---|---|---|---|---|",
        "| m | 20 | 19 | 0 | 1 | 0 | 1 |",
    ]
