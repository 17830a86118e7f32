"""A sweep: its grid, what is run and what is not, what fails, its table and picture."""

import contextlib
import json

import pytest

from lib.__main__ import main
from lib.experiments import sweep, sweep_results
from lib.experiments.engines import Ended
from lib.experiments.sweep import Outcome
from lib.experiments.table import EXPERIMENTS
from lib.training import checkpoints, records

SMALL = [
    *("--set", "epochs=2"),
    *("--set", "latents=2"),
    *("--set", "nll_samples=2"),
    *("--set", "nll_images=2"),
]
SWEEP = ["sweep", "vae-digits", *SMALL, "--set", "digits=bundled-8x8"]


@pytest.fixture
def in_process(monkeypatch):
    """Runs in this process, which spares a start of Python for each; their commands."""
    commands = []

    def run(jobs, places):
        for number, job in enumerate(jobs):
            commands.append(job.arguments)
            with (
                job.log.open("w") as log,
                contextlib.redirect_stderr(log),
                contextlib.redirect_stdout(log),
            ):
                status = main(job.arguments)
            yield Ended(number, f"ended with status {status}" if status else "")

    monkeypatch.setattr(sweep, "run_locally", run)
    return commands


def files(folder):
    return {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file()}


def test_a_half_done_sweep_with_a_point_that_fails(tmp_path, capsys):
    """Seed 0 is finished, seed 1 was begun; and of MNIST there are no data."""
    out, alone = tmp_path / "out", tmp_path / "alone"
    bundled = [*SMALL, "--set", "hidden=4", "--set", "digits=bundled-8x8"]
    run = ["run", "vae-digits", *bundled, "--out", str(out / "digits=bundled-8x8")]
    assert main([*run, "--seed", "0"]) == main([*run, "--seed", "1"]) == 0
    assert main([*run[:-1], str(alone), "--seed", "1"]) == 0
    done, begun = (
        records.run_files(out / "digits=bundled-8x8", "vae-digits", s) for s in (0, 1)
    )
    begun.record.unlink()
    state = checkpoints.read(begun.checkpoint)
    state["history"]["seconds"] = 1000.0  # by which one tells that it went on
    checkpoints.save(begun.checkpoint, state)
    before = done.record.read_bytes()
    capsys.readouterr()

    command = ["sweep", "vae-digits", *SMALL, "--set", "hidden=4", "--out", str(out)]
    grid = ["--grid", "digits=bundled-8x8,mnist", "--grid", "seed=0:2"]
    assert main([*command, *grid, "--data", str(tmp_path / "none")]) == 1
    captured = capsys.readouterr()
    head, bundled, mnist = captured.out.splitlines()
    assert head.split() == ["digits", "runs", "test_nll"]
    assert bundled.split()[:4] == ["bundled-8x8", "2", "of", "2"]
    assert mnist.split() == ["mnist", "0", "of", "2", "none"]
    assert captured.err.splitlines()[0] == "4 runs, 1 of them finished before"
    failures = [x for x in captured.err.splitlines() if x.startswith("failed: ")]
    for line, seed in zip(failures, (0, 1), strict=True):
        assert line.startswith(f"failed: digits=mnist, seed {seed}: ")
        assert str(tmp_path / "none") in line
    assert done.record.read_bytes() == before
    resumed = records.read(begun.record)
    assert resumed["seconds"]["training"] >= 1000
    whole = records.read(records.run_files(alone, "vae-digits", 1).record)
    assert resumed["curves"] == whole["curves"]
    assert (out / "vae-digits-sweep.png").read_bytes().startswith(b"\x89PNG")


def test_each_point_has_its_folder_and_a_second_sweep_runs_nothing(
    tmp_path, capsys, in_process
):
    command = [*SWEEP, "--out", str(tmp_path)]
    command += ["--grid", "learning_rate=1e-3,2e-3", "--grid", "hidden=3,4"]
    assert main(command) == 0
    first = capsys.readouterr()
    head, *rows = first.out.splitlines()
    assert head.split() == ["hidden", "learning_rate", "runs", "test_nll"]
    settings = [["3", "0.001"], ["4", "0.001"], ["3", "0.002"], ["4", "0.002"]]
    assert [row.split()[:2] for row in rows] == settings
    for (hidden, rate), row in zip(settings, rows, strict=True):
        folder = tmp_path / f"hidden={hidden}" / f"learning_rate={rate}"
        record = records.read(folder / "vae-digits-seed0.json")
        assert record["configuration"]["hidden"] == int(hidden)
        assert record["configuration"]["learning_rate"] == float(rate)
        assert row.split()[-1] == f"{record['metrics']['test_nll']['mean']:.5g}"
    written = {name: path.stat().st_mtime_ns for name, path in files(tmp_path).items()}
    runs = len(in_process)
    assert main([*command[:-2], "--grid", "hidden=4,3"]) == 0
    second = capsys.readouterr()
    assert sorted(second.out.splitlines()) == sorted(first.out.splitlines())
    assert "4 runs, 4 of them finished before" in second.err
    assert len(in_process) == runs == 4
    after = {name: path.stat().st_mtime_ns for name, path in files(tmp_path).items()}
    changed = {name for name in written | after if written.get(name) != after.get(name)}
    assert changed == {"vae-digits-sweep.png"}


def test_all_runs_get_what_the_sweep_got(tmp_path, capsys, in_process, monkeypatch):
    monkeypatch.setenv("CHECKED_GRADIENTS_DEVICE", "abacus")
    command = [*SWEEP, "--grid", "hidden=3", "--device", "cpu", "--metric", "test_elbo"]
    assert main([*command, "--data", "a b", "--out", str(tmp_path)]) == 0
    (arguments,) = in_process
    where = ["--seed", "0", "--out", str(tmp_path / "hidden=3"), "--resume"]
    assert arguments[-5:] == where
    text = " ".join(arguments)
    for part in ("--set epochs=2", "--set hidden=3", "--device cpu", "--data a b"):
        assert part in text
    assert capsys.readouterr().out.splitlines()[0].split()[-1] == "test_elbo"


def test_a_metric_that_is_not_there_is_named_beside_those_that_are(
    tmp_path, capsys, in_process
):
    command = [*SWEEP, "--grid", "hidden=3", "--out", str(tmp_path)]
    assert main([*command, "--metric", "bleu"]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    known = "test_elbo, test_elbo_binarised, test_nll"
    assert line == f"error: no metric 'bleu': choose one of {known}"


def test_another_sweeps_folder_is_refused_before_anything_is_run(
    tmp_path, capsys, in_process
):
    command = [*SWEEP, "--grid", "hidden=3", "--out", str(tmp_path)]
    assert main(command) == 0
    for checkpoint in tmp_path.rglob("*.safetensors"):
        checkpoint.unlink()
    capsys.readouterr()
    assert main([*command, "--set", "epochs=1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "another epochs" in line
    assert "start anew with another --out" in line
    assert len(in_process) == 1


def test_a_second_sweep_into_one_folder_is_refused_until_the_first_has_ended(
    tmp_path, capsys, in_process, monkeypatch
):
    """Its lines are followed: it waits, or takes another folder."""
    run, second = sweep.run_locally, [*SWEEP, "--grid", "hidden=3"]

    def meanwhile(jobs, places):
        monkeypatch.setattr(sweep, "run_locally", run)
        capsys.readouterr()
        assert main([*second, "--out", str(tmp_path / "out")]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "another sweep of vae-digits is at work in" in line
        assert "wait until it ends, or name another folder with --out" in line
        assert main([*second, "--out", str(tmp_path / "other")]) == 0
        yield from run(jobs, places)

    monkeypatch.setattr(sweep, "run_locally", meanwhile)
    assert main([*SWEEP, "--grid", "hidden=2,3", "--out", str(tmp_path / "out")]) == 0
    assert main([*second, "--out", str(tmp_path / "out")]) == 0
    assert "1 runs, 1 of them finished before" in capsys.readouterr().err
    assert len(in_process) == 3
    assert not list(tmp_path.rglob("*.lock"))


def test_ctrl_c_ends_with_a_line_that_says_how_to_go_on(tmp_path, capsys, monkeypatch):
    def interrupted(jobs, places):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(sweep, "run_locally", interrupted)
    assert main([*SWEEP, "--grid", "hidden=3", "--out", str(tmp_path)]) == 130
    captured = capsys.readouterr()
    assert captured.out == ""
    last = captured.err.splitlines()[-1]
    assert last == "interrupted: the same command goes on with the sweep"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ([], "--grid"),
        (["--grid", "hidden"], "--grid hidden: write FIELD=VALUE,VALUE or FIELD=0:5"),
        (["--grid", "hidden="], "--grid hidden=: write FIELD=VALUE"),
        (["--grid", "depth=1"], "no field 'depth': choose one of digits, hidden, "),
        (["--grid", "hidden=8,many"], "hidden must be a whole number, not 'many'"),
        (["--grid", "hidden=8,,9"], "hidden must be a whole number, not ''"),
        (["--grid", "hidden=8,0"], "hidden must be at least 1"),
        (["--grid", "seed=0,x"], "seed must be whole numbers below 2^63, not 'x'"),
        (["--grid", "seed=5:5"], "--grid seed=5:5: there is no number in 5:5"),
        (["--grid", "seed=0:99999999999"], "99999999999 runs: at most 10000 in a"),
        (["--grid", "seed=0:10000", "--grid", "hidden=3,4"], "20000 runs: at most"),
        (["--grid", "seed=0:" + "9" * 5000], "seed must be whole numbers below 2^63"),
        (["--grid", "seed=1", "--grid", "seed=2"], "seed has its values already"),
        (["--grid", "epochs=1,2"], "--set epochs=2: the grid sets it, too"),
        (["--grid", "hidden=8", "--jobs", "0"], "'0' is not a whole number from 1 on"),
        (["--grid", "hidden=8", "--cluster", "cloud"], "slurm"),
        (["--grid", "hidden=8", "--device", "cuda"], "no device 'cuda'"),
    ],
)
def test_a_wrong_grid_is_one_line_and_status_2(
    tmp_path, capsys, monkeypatch, options, named
):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    out = tmp_path / "out"
    assert main([*SWEEP, *options, "--out", str(out)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    assert named in line
    assert not out.exists()


def test_an_experiment_that_is_not_there_is_one_line(tmp_path, capsys):
    assert main(["sweep", "vae-cifar", "--grid", "hidden=3"]) == 2
    assert "no experiment 'vae-cifar'" in capsys.readouterr().err


# --------------------------------------------------------------------------- the grid


def grid_points(name, *texts):
    from lib.__main__ import configuration

    known = [*EXPERIMENTS[name].run.__dataclass_fields__, "seed"]
    grid = sweep.read_grid(texts, known)

    def configure(settings):
        return configuration(name, None, settings)

    return sweep.points(name, grid, [], configure, sweep.Path("out"))


def test_a_range_of_seeds_leaves_out_its_end_and_a_lost_s_is_forgiven():
    found = grid_points("norms-multi30k", "depth=1,20", "seed=0:3")
    where = [str(point.files.record) for point in found]
    assert where == [
        f"out/depths={depth}/norms-multi30k-seed{seed}.json"
        for depth in (1, 20)
        for seed in (0, 1, 2)
    ]
    assert [point.run.depths for point in found] == [(1,)] * 3 + [(20,)] * 3


def test_values_with_commas_stand_between_semicolons_and_truths_are_written_small():
    found = grid_points("norms-multi30k", "depths=1,5;20", "double=TRUE,false")
    folders = [str(point.folder) for point in found]
    assert folders == [
        f"out/depths={depths}/double={double}"
        for depths in ("1,5", "20")
        for double in ("true", "false")
    ]
    assert [(p.run.depths, p.run.double) for p in found[:2]] == [
        ((1, 5), True),
        ((1, 5), False),
    ]
    job = found[0].job(["--device", "cpu"])
    start = ["run", "norms-multi30k", "--device", "cpu"]
    assert job.arguments[:8] == [*start, "--set", "depths=1,5", "--set", "double=true"]


def test_one_value_written_twice_is_one_point():
    found = grid_points("vae-digits", "learning_rate=1e-3,0.001", "seed=1,1")
    assert [point.label for point in found] == ["learning_rate=0.001, seed 1"]


def test_the_reason_is_the_runs_own_error_or_how_it_ended(tmp_path):
    log = tmp_path / "a.log"
    assert sweep.reason(log, "killed by SIGKILL") == f"killed by SIGKILL: {log}"
    log.write_text("vae: 3 epochs\nerror: no MNIST in x\n")
    assert sweep.reason(log, "ended with status 2") == "no MNIST in x"
    log.write_text("Traceback\n  ...\nRuntimeError: out of memory\n")
    assert sweep.reason(log, "") == "RuntimeError: out of memory"
    log.write_text("vae: 3 epochs\n")
    assert sweep.reason(log, "killed by SIGKILL") == f"killed by SIGKILL: {log}"


# ------------------------------------------------------------------------ the results


def outcome(name, grid, values, metrics):
    """Outcomes of a grid's points in their order, each with made-up metrics."""
    points = grid_points(name, *grid)
    return [
        Outcome(point, None if value is None else {"metrics": metrics(value)})
        for point, value in zip(points, values, strict=True)
    ]


def nll(value):
    return {"test_nll": {"mean": value, "interval": [value - 1, value + 1], "n": 9}}


def drawn(axes):
    """By label: the places, the means and the ends of the bars."""
    found = {}
    for bars in axes.containers:
        line, _, (spread,) = bars.lines
        ends = [[float(y) for _, y in segment] for segment in spread.get_segments()]
        found[bars.get_label()] = (list(line.get_xdata()), list(line.get_ydata()), ends)
    return found


def test_the_picture_has_a_line_for_each_choice_of_the_other_fields():
    grid = ["hidden=10,500", "latents=2,3", "seed=0:2"]
    values = [1.0, 3.0, 5.0, 5.0, 10.0, None, 20.0, 24.0]
    results = sweep_results.cells(outcome("vae-digits", grid, values, nll), None)
    (axes,) = sweep_results.figure(results, "hidden").axes
    found = drawn(axes)
    half = 2**0.5
    assert found["latents=2"] == (
        [10.0, 500.0],
        [2.0, 10.0],
        [pytest.approx([2 - half, 2 + half]), [10.0, 10.0]],
    )
    assert found["latents=3"][1] == [5.0, 22.0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("hidden", "test_nll")
    assert axes.get_xscale() == "log"
    assert sweep_results.table(results) == [
        ["hidden", "latents", "runs", "test_nll"],
        ["10", "2", "2 of 2", "2 ± 1.4"],
        ["10", "3", "2 of 2", "5 ± 0"],
        ["500", "2", "1 of 2", "10"],
        ["500", "3", "2 of 2", "22 ± 2.8"],
    ]


def test_values_that_are_words_stand_in_the_grids_order():
    results = sweep_results.cells(
        outcome("vae-digits", ["digits=mnist,bundled"], [1.0, 2.0], nll), None
    )
    (axes,) = sweep_results.figure(results, "digits").axes
    figure = axes.figure
    figure.canvas.draw()
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["mnist", "bundled"]
    assert axes.get_xscale() == "linear"


def test_of_norms_each_variant_is_drawn_at_its_deepest_network():
    def profiles(ratio):
        last = {"encoder gradient": [ratio, 0.5, 1.0]}
        other = {"encoder gradient": [1.0, 1.0]}
        cells = {"post/5/0": {"10": other, "0": last}, "post/1/0": {"0": other}}
        return {"profiles": cells | {"pre+final/1/0": {"0": other}}}

    grid = ["steps=300,301", "seed=0,1"]
    values = [0.1, 0.001, 1.0, 1.0]
    results = sweep_results.cells(
        outcome("norms-multi30k", grid, values, profiles), None
    )
    names = [f"log10 gradient, first/last layer, {v}" for v in ("post", "pre+final")]
    assert sorted(sweep_results.metrics(results)) == names
    assert results[0].values[names[0]] == pytest.approx([-1.0, -3.0])
    assert results[0].values[names[1]] == [0.0, 0.0]
    assert len(sweep_results.figure(results, "steps").axes) == 2


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("vae-mnist", ["test_nll"]),
        ("iwae-mnist-k1", ["test_nll"]),
        ("gan-mnist", ["frechet.value"]),
        ("gan-digits", ["coverage.evenness"]),
        ("translate-phrases", ["exact"]),
        ("translate-multi30k-en-de", ["directions.en-de.bleu"]),
    ],
)
def test_each_kind_is_judged_by_its_headline(name, names):
    from lib.experiments.metrics import headline
    from tools.digest import RECORDS

    record = json.loads((RECORDS / f"{name}-seed0.json").read_text("utf-8"))
    assert list(headline(record)) == names
