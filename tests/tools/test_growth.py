"""The table of growth says what its record says."""

from lib.training import records
from tools.site import growth


def test_each_case_has_a_row_with_both_exponents() -> None:
    record = records.read(growth.MEASURED)
    rows = growth.table().splitlines()[2:-2]
    assert len(rows) == len(record["cases"])
    for row, case in zip(rows, record["cases"].values(), strict=True):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[0] == case["grows"]
        assert f"{case['exponent_of_seconds']:.2f}" in cells[3]
        assert f"{case['exponent_of_bytes']:.2f}" in cells[4]
    assert record["provenance"]["device_name"] in growth.table().splitlines()[-1]


def test_the_way_that_spares_memory_takes_less_at_the_end() -> None:
    cases = records.read(growth.MEASURED)["cases"]
    for plain, sparing in (
        ("nll-at-once", "nll-in-chunks"),
        ("logits-at-once", "logits-in-chunks"),
        ("attention-plain", "attention-fused"),
    ):
        end = [cases[name]["points"][-1]["bytes"] for name in (plain, sparing)]
        assert end[1] < end[0] / 2
