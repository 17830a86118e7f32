"""What the pages count is what the derivations and the registry say of themselves."""

from collections import Counter

import pytest

from lib.report.concordance import all_claims
from tools.derivations import derivations
from tools.site import checks
from tools.site.contents import chapters

STAR = r"marked $\overset{*}{=}$, at random instances"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("*1 step checked, by SymPy.*", {"SymPy": 1}),
        ("*7 steps checked, by normal form.*", {"normal form": 7}),
        (f"*1 step checked, {STAR}.*", {"instances": 1}),
        (
            f"*4 steps checked: 3 by normal form, 1 {STAR}.*",
            {"normal form": 3, "instances": 1},
        ),
        (
            "*2 steps checked: 1 by normal form, 1 by SymPy.*",
            {"normal form": 1, "SymPy": 1},
        ),
    ],
)
def test_a_summary_is_read(said: str, expected: dict[str, int]) -> None:
    assert checks.steps(f"$$\na\n$$\n\n{said}\n\nmore") == [Counter(expected)]


@pytest.mark.parametrize(
    "said",
    ["*3 steps checked: 1 by normal form, 1 by SymPy.*", "*1 step checked, so.*"],
)
def test_a_summary_that_does_not_add_up_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        checks.steps(said)


def test_steps_are_those_of_the_cells_that_derive() -> None:
    counted = checks.counts()
    in_chapters = {page: found for page, found in derivations().items() if "/" in page}
    found = [derived.chain for some in in_chapters.values() for derived in some]
    chains = [chain for chain in found if chain.label]
    assert counted["derivations"] == len(chains)
    assert counted["steps"] == sum(len(chain.steps) for chain in chains)
    decided = counted["steps proved"] + counted["steps at instances"]
    assert counted["steps"] == decided


def test_claims_are_those_of_the_registry() -> None:
    counted = checks.counts()
    general = [claim for claim in all_claims() if claim.scope.startswith("general")]
    assert counted["claims"] == len(all_claims())
    assert counted["claims in general"] == len(general)
    ways = [n for name, n in counted.items() if name.startswith("claims ")]
    assert sum(ways) == 2 * counted["claims"]  # by way, and by scope


def test_the_table_has_a_row_for_each_chapter_and_adds_up() -> None:
    rows = [line.split("|")[2:-1] for line in checks.table().splitlines()[2:]]
    *each, together = [list(map(int, row)) for row in rows]
    assert len(each) == len(chapters())
    assert [sum(column) for column in zip(*each, strict=True)] == together
    assert together[0] == sum(together[1:]) == checks.counts()["steps"]
