"""Two sets of records: what agrees, what differs, and what cannot be compared."""

import itertools
import math
import re

import pytest
import torch
from scipy import stats

from lib.__main__ import main
from lib.experiments import comparison
from lib.experiments.metrics import Measured
from lib.training import records


def keep(folder, seed=0, name="vae-digits", **changes):
    """A record, all alike but for the changes."""
    record = {
        "name": name,
        "seed": seed,
        "configuration": {"hidden": 8, "epochs": 3},
        "data": {"source": "made up", "sha256": {"file": "0" * 64}},
        "provenance": {"torch": "2", "threads": 2, "commit": None},
        "metrics": {"right": 0.5},
        "curves": {"loss": [3.0, 2.0, 1.0]},
        "seconds": {"training": 1.0, "this_session": 1},
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = records.run_files(folder, name, seed).record
    records.write(path, record | changes)
    return path


def keep_seeds(folder, values, **changes):
    for seed, value in enumerate(values):
        keep(folder, seed, metrics={"right": value}, **changes)


def test_sets_that_agree_and_sets_that_differ(tmp_path, capsys):
    keep_seeds(tmp_path / "a", [0.50, 0.52, 0.48])
    keep_seeds(tmp_path / "b", [0.51, 0.53, 0.49])
    keep_seeds(tmp_path / "c", [0.80, 0.81, 0.79])
    a, b, c = (str(tmp_path / side) for side in "abc")
    assert main(["compare", a, b]) == 0
    head, row, summary = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["run", "metric", a, b]
    assert row.split()[:5] == ["vae-digits", "right", "0.5", "±", "0.02"]
    assert row.split()[-2:] == ["Welch", "agree"]
    assert summary.startswith("1 agree, 0 differ, 0 not judged; p by Holm")
    assert main(["compare", a, c]) == 1
    assert capsys.readouterr().out.splitlines()[1].endswith("differ")
    assert main(["compare", a, b, c]) == 1
    _, with_b, with_c, _ = capsys.readouterr().out.splitlines()
    assert (f"vae-digits, {b}" in with_b, f"vae-digits, {c}" in with_c) == (True, True)
    assert (with_b.split()[-1], with_c.split()[-1]) == ("agree", "differ")


def test_a_field_that_an_older_record_has_not_had_its_default(tmp_path):
    older, newer = ({}, {"packed": False}), ({"packed": True},)
    for side, kept in zip("abc", (*older, *newer), strict=True):
        keep(tmp_path / side, name="translate-phrases", configuration=kept)
    a, b, c = (str(tmp_path / side) for side in "abc")
    assert main(["compare", a, b]) == 0
    assert main(["compare", a, c]) == 2


def numbers(*values, error=None):
    return [Measured(value, error) for value in values]


def test_several_seeds_are_judged_by_welch():
    first, second = [1.0, 2.0, 3.0, 4.0], [2.0, 6.0, 9.0]
    basis, statistic, p = comparison.judged(numbers(*first), numbers(*second))
    expected = stats.ttest_ind(second, first, equal_var=False)
    assert basis == "Welch"
    assert statistic == pytest.approx(expected.statistic)
    assert p == pytest.approx(expected.pvalue)


def test_one_seed_against_several_is_judged_by_their_spread():
    """As a further value of their normal distribution: t of n - 1 degrees."""
    several = [1.0, 2.0, 3.0, 4.0]
    mean, spread = 2.5, torch.tensor(several).std().item()
    t = (6.0 - mean) / (spread * math.sqrt(1 + 1 / 4))
    basis, statistic, p = comparison.judged(numbers(*several), numbers(6.0))
    assert basis == "Student"
    assert statistic == pytest.approx(t)
    assert p == pytest.approx(2 * stats.t.sf(t, df=3))
    other_way = comparison.judged(numbers(6.0), numbers(*several))
    assert other_way == ("Student", pytest.approx(-t), pytest.approx(p))


def test_single_seeds_are_judged_by_their_intervals_or_not_at_all():
    def judged(low, high, error):
        return comparison.judged(numbers(low, error=3.0), numbers(high, error=error))

    basis, statistic, p = judged(10.0, 20.0, 4.0)
    assert (basis, statistic) == ("interval", pytest.approx(2.0))
    assert p == pytest.approx(0.0455, abs=1e-4)
    assert judged(10.0, 20.0, None) == (
        "one seed",
        pytest.approx(math.nan, nan_ok=True),
        None,
    )
    assert judged(10.0, 10.0, None) == ("equal", 0.0, 1.0)


def test_a_number_without_spread_agrees_only_with_itself():
    same, other = numbers(10, 10), numbers(9, 9)
    assert comparison.judged(same, numbers(10, 10, 10)) == ("equal", 0.0, 1.0)
    assert comparison.judged(same, other) == ("Welch", -math.inf, 0.0)


def rows_of(*ps):
    one = comparison.Row("b", "run", "m", [1.0], [2.0], "Welch", 1.0, None)
    return [one._replace(p=p) for p in ps]


def test_holm_takes_the_smallest_times_all_of_them_and_never_falls():
    found = comparison.corrected(rows_of(0.04, 0.01, None, 0.03, 0.5))
    assert [row.p for row in found] == pytest.approx([0.09, 0.04, None, 0.09, 0.5])
    verdicts = ["agree", "differ", "not judged", "agree", "agree"]
    assert [row.verdict for row in found] == verdicts


def test_sets_that_agree_are_rarely_said_to_differ():
    """Twenty numbers at a time, from one distribution: wrong in one of twenty or so."""
    draw = torch.Generator().manual_seed(0)
    wrong = 0
    for _ in range(200):
        sides = torch.randn(20, 2, 4, generator=draw).tolist()
        rows = [
            row._replace(p=comparison.judged(numbers(*a), numbers(*b)).p)
            for (a, b), row in zip(sides, itertools.cycle(rows_of(1.0)))
        ]
        wrong += any(r.verdict == "differ" for r in comparison.corrected(rows))
    assert 0 < wrong <= 20


def test_an_estimate_is_judged_by_its_interval(tmp_path, capsys):
    def estimate(mean):
        return {"metrics": {"nll": records.estimate(mean + torch.arange(100.0))}}

    a, b = (keep(tmp_path / f"{m}", **estimate(m)) for m in (10.0, 11.0))
    c = keep(tmp_path / "c", **estimate(100.0))
    assert main(["compare", str(a), str(b)]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[-2:] == ["interval", "agree"]
    assert main(["compare", str(a), str(c)]) == 1


def test_one_seed_without_an_interval_is_not_judged(tmp_path, capsys):
    a, b = keep(tmp_path / "a"), keep(tmp_path / "b", metrics={"right": 0.6})
    assert main(["compare", str(a), str(b)]) == 2
    captured = capsys.readouterr()
    assert captured.out.splitlines()[1].endswith("one seed  not judged")
    assert captured.err == (
        "error: cannot compare: nothing could be judged: give each side several seeds\n"
    )


def test_a_sweeps_folders_are_compared_point_by_point(tmp_path, capsys):
    for side, depth in itertools.product("ab", (1, 5)):
        keep_seeds(tmp_path / side / f"depths={depth}", [depth + 0.1, depth + 0.2])
    keep_seeds(tmp_path / "a", [7.0])  # which the other side has not
    (tmp_path / "a" / "depths=1" / "notes.json").write_text("no record")
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    rows = capsys.readouterr().out.splitlines()[1:-1]
    names = [row.split()[0] for row in rows]
    assert names == ["depths=1/vae-digits", "depths=5/vae-digits"]


def other_run(folder):
    keep(folder, configuration={"hidden": 9, "epochs": 4})


def other_data(folder):
    keep(folder, data={"source": "made up", "sha256": {"file": "1" * 64}})


def another_name(folder):
    keep(folder, name="gan-digits", configuration={})


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (other_run, "cannot compare vae-digits: .* another epochs, hidden"),
        (other_data, "cannot compare vae-digits: .* another data"),
        (another_name, "cannot compare .*/a and .*/b: no run is in both"),
        (lambda folder: folder.mkdir(), "no record NAME-seedN.json in .*/b"),
        (lambda folder: None, "no record NAME-seedN.json in .*/b"),
        (lambda folder: keep(folder).write_text("{}"), ".*seed0.json is not a record"),
    ],
)
def test_what_cannot_be_compared_is_one_line_and_status_2(
    tmp_path, capsys, make, named
):
    keep(tmp_path / "a")
    make(tmp_path / "b")
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert re.match(f"error: {named}", line), line
