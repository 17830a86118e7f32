"""Every record of a run is in the list, beside what was published, and repeatable."""

import shlex
import statistics

import pytest

from lib.__main__ import configuration, parser
from lib.experiments.table import EXPERIMENTS
from lib.training import records
from tools.digest import RECORDS
from tools.site import runs
from tools.site.published import PUBLISHED

STORED = runs.stored()


def test_every_record_has_its_row() -> None:
    text = runs.sections()
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    numbered = [row for row in rows if row.split("|")[1].strip()[0].isdigit()]
    assert len(numbered) == len(list(RECORDS.glob("*.json")))
    for name, some in STORED.items():
        assert f"(run-{name})=\n### {name}\n" in text
        assert some == sorted(some)


@pytest.mark.parametrize("name", STORED)
def test_the_commands_of_a_run_ask_for_what_its_records_say(name: str) -> None:
    for run in STORED[name]:
        line = runs.commands(name, [run]).replace("\\\n", "")  # as a shell does
        options = parser().parse_args(shlex.split(line.removeprefix("python -m lib")))
        assert (options.name, options.seed) == (name, run.seed)
        asked = runs.settings(
            name, run._replace(record={"configuration": run_of(options)})
        )
        assert asked == runs.settings(name, run)
        said = run.record["provenance"]
        assert (options.device or "cpu") == said["device"]
        assert options.precision == said.get("precision", "float32")


def run_of(options) -> dict:
    """The configuration that the command line gives, as a record keeps it."""
    made = configuration(options.name, None, options.set)
    return {k: list(v) if isinstance(v, tuple) else v for k, v in vars(made).items()}


def test_a_run_that_kept_its_weights_is_repeated_with_them() -> None:
    lines = runs.commands("translate-phrases", STORED["translate-phrases"])
    assert lines.count("--keep-weights") == 1
    assert "--seed 0 --keep-weights\n" in lines


def test_seeds_are_repeated_in_one_loop() -> None:
    five = runs.commands("vae-digits", STORED["vae-digits"])
    assert five.startswith("for seed in 0 1 2 3 4; do\n")
    judged_twice = runs.commands("vae-mnist", STORED["vae-mnist"])
    assert judged_twice.count("--seed") == 2


def test_the_mean_leaves_out_what_was_judged_in_another_way() -> None:
    measure = runs.measures("vae-mnist")[1]
    assert {run.variant for run in STORED["vae-mnist"]} == {"", "k5000"}
    seeds = records.read_seeds(RECORDS, "vae-mnist")
    values = [seed["metrics"]["test_nll"]["mean"] for seed in seeds]
    shown = runs.over_seeds(STORED["vae-mnist"], measure)
    mean, spread = statistics.mean(values), statistics.stdev(values)
    assert shown.split("\N{NO-BREAK SPACE}") == [f"{mean:.2f}", "±", f"{spread:.2f}"]


def test_the_comparison_has_a_row_for_each_figure() -> None:
    rows = runs.compared().splitlines()[2:]
    figures = [published.figure for published in PUBLISHED.values() if published.figure]
    assert [row.split(" | ")[-1].removesuffix(" |") for row in rows] == figures


def test_what_is_published_is_of_a_run_and_cites_a_source() -> None:
    assert set(PUBLISHED) <= set(STORED) <= set(EXPERIMENTS)
    for name, published in PUBLISHED.items():
        assert "{cite}`" in published.said
        named = {measure.name for measure in runs.measures(name)}
        assert bool(published.figure) == bool(published.measure)
        assert not published.measure or published.measure in named


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(27.4, "27 s"), (119, "2 min"), (2713, "45 min"), (4964, "1 h 23 min")],
)
def test_times_are_read_as_one_says_them(seconds: float, said: str) -> None:
    assert runs.duration(seconds) == said
