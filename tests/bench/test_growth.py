"""What grows is measured in small, and the exponents are those of known laws."""

import json
from pathlib import Path

import pytest
import torch

from lib.bench import growth
from lib.bench.growth import CASES, Case, exponent, grown
from lib.training import records

SIZES = (1, 2, 4, 8, 16)


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_an_exponent_is_the_power_of_the_upper_half(power: float) -> None:
    values = [7.0, 7.0, *(3 * size**power for size in SIZES[2:])]
    assert exponent(SIZES, values) == pytest.approx(power)


def test_a_case_has_its_points_and_both_exponents(monkeypatch) -> None:
    monkeypatch.setitem(CASES, "x", Case("n", "quickly", SIZES, lambda n: lambda: n))
    seen = []

    def measure(name: str, size: int) -> dict[str, float]:
        seen.append((name, size))
        return {"size": size, "seconds": 2.0 * size, "bytes": 4096 * size**2}

    found = grown("x", measure)
    assert seen == [("x", size) for size in SIZES]
    assert found["exponent_of_seconds"] == pytest.approx(1)
    assert found["exponent_of_bytes"] == pytest.approx(2)
    assert "time ~ n^1.00 (32.000 s), memory ~ n^2.00 (1 MiB)" in growth.line(found)


@pytest.mark.parametrize("name", CASES)
def test_each_case_makes_a_step_at_each_size(name: str) -> None:
    case = CASES[name]
    assert list(case.sizes) == sorted(set(case.sizes))
    case.step(case.sizes[0])()


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="memory is read from /proc"
)
def test_the_memory_of_a_step_is_its_highest_point() -> None:
    def step(size: int) -> growth.Step:
        return lambda: torch.ones(size * growth.MIB, dtype=torch.uint8)

    [small, large] = (
        growth.measured(Case("n", "", (64, 256), step), size)["bytes"] / growth.MIB
        for size in (64, 256)
    )
    assert 63 <= small < 100  # pages that there were before are used again
    assert 255 <= large < 300


def test_a_record_and_a_picture_are_written(monkeypatch, tmp_path, capsys) -> None:
    def measure(name: str, size: int) -> dict[str, float]:
        return {"size": size, "seconds": float(size), "bytes": size}

    monkeypatch.setattr(growth, "in_a_process", measure)
    monkeypatch.setattr(growth, "grown", lambda name: grown(name, measure))
    target = tmp_path / "new" / "growth.json"
    assert growth.main([str(target)]) == 0
    kept = records.read(target)
    assert kept["cases"].keys() == CASES.keys()
    assert kept["provenance"]["device"] == "cpu"
    assert target.with_suffix(".png").stat().st_size > 10000
    assert len(capsys.readouterr().out.splitlines()) == len(CASES)


def test_a_point_is_printed_for_the_process_that_asked(monkeypatch, capsys) -> None:
    monkeypatch.setattr(growth, "measured", lambda case, size: {"size": size})
    assert growth.main(["--point", "vae-width", "128"]) == 0
    assert json.loads(capsys.readouterr().out) == {"size": 128}
