"""Which mutants are drawn, which tests they meet, and how what is left is told."""

import tomllib

import pytest

from tools.digest import ROOT
from tools.mutants import (
    EQUIVALENT,
    MOST,
    Change,
    Result,
    change_of,
    concerning,
    drawn,
    equivalents,
    imports,
    modules,
    shard,
    told,
)

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
        assert concerning(module), module
    assert "tests/models/test_gaussian.py" in concerning("lib/models/gaussian.py")
    assert "tests/test_main.py" in concerning("lib/__main__.py")
    assert "tests/experiments/test_norms.py" in concerning("lib/models/probes.py")


def test_imports_are_read_in_both_forms() -> None:
    source = "import a.b\nfrom c.d import (e as f,\n  g)\n"
    assert imports(source) == {"a.b", "c.d", "c.d.e", "c.d.g"}


SHOWN = """# lib.a.x_f__mutmut_1: survived
--- lib/a.py
+++ lib/a.py
@@ -1,3 +1,3 @@
 def f():
-    return 1
+    return 2
"""


def test_a_change_is_its_lines_alone() -> None:
    assert change_of(SHOWN) == Change("return 1", "return 2")


def test_what_is_equivalent_is_of_a_line_of_the_code_and_has_a_reason() -> None:
    for module, entries in tomllib.loads(EQUIVALENT.read_text("utf-8")).items():
        lines = [line.strip() for line in (ROOT / module).read_text().splitlines()]
        for change, why in equivalents(module).items():
            assert set(change.was.split("\n")) <= set(lines), change.was
            assert why
        assert len(entries) == len(equivalents(module))


@pytest.mark.parametrize("text", ["", "1", "0/4", "5/4", "a/b", "1/4/2"])
def test_a_shard_is_one_of_so_many(text: str) -> None:
    with pytest.raises(Exception, match="is not i/n"):
        shard(text)


def test_all_but_one_in_twenty_are_to_be_killed() -> None:
    change = {"m": Change("a", "b")}
    assert Result("m", 20, 19, 0, change, 0).enough
    assert not Result("m", 19, 18, 0, change, 0).enough
    assert told([Result("m", 20, 19, 0, change, 0)]).splitlines() == [
        "m",
        "    - a",
        "    + b",
        "| module | drawn | killed | equivalent | survived | undecided |",
        "|---|---|---|---|---|---|",
        "| m | 20 | 19 | 0 | 1 | 0 |",
    ]
