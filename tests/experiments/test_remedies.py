"""The message is the remedy: each refusal's own advice is followed, and works."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lib.__main__ import main
from lib.experiments import sweep
from lib.experiments.engines import Ended, Job
from lib.models import vae
from lib.training import checkpoints, locks, records, watching

VAE = [
    *("vae-digits", "--epochs", "2", "--set", "digits=bundled-8x8"),
    *("--set", "hidden=4", "--set", "latents=2"),
    *("--set", "nll_samples=2", "--set", "nll_images=5"),
]
NORMS = [
    *("norms-phrases", "--set", "variants=post", "--set", "depths=1"),
    *("--set", "steps=1", "--set", "profile_steps=0"),
]


@dataclass(frozen=True)
class Case:
    """``fault`` spoils a finished run's folder; ``remedy`` does what the line says."""

    said: str
    advice: str
    fault: Callable[[Path], object]
    arguments: list[str]
    remedy: Callable[[Path], list[str]]


def files(out: Path) -> records.RunFiles:
    return records.run_files(out, "vae-digits", 0)


def nothing(out: Path) -> None:
    """What is wrong is the command line."""


def wrong(field: str, said: str, advice: str, better: str) -> Case:
    """A value that is refused, and one that the line allows."""
    before = [*VAE, "--overwrite", "--set", field]
    return Case(said, advice, nothing, before, lambda out: [*before[:-1], better])


def cut(out: Path) -> None:
    files(out).record.unlink()
    path = files(out).checkpoint
    path.write_bytes(path.read_bytes()[:-1])


def not_finite(out: Path) -> None:
    files(out).record.unlink()
    state = checkpoints.read(files(out).checkpoint)
    state["parts"]["model"]["decoder.0.bias"].fill_(float("nan"))
    checkpoints.save(files(out).checkpoint, state)


def pickled(out: Path) -> None:
    files(out).record.unlink()
    files(out).checkpoint.write_bytes(b"PK\x03\x04")


def changed(out: Path) -> None:
    path = files(out).record
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 1'))


def unsigned(out: Path) -> None:
    held = json.loads(files(out).record.read_text())
    del held["digest"], held["format"]
    (out / "vae-digits-seed0.json").write_text(json.dumps(held))


def another_seeds(out: Path) -> None:
    for file in files(out)[1:]:
        file.unlink()
    files(out).record.rename(records.run_files(out, "vae-digits", 1).record)


def migrated(out: Path) -> list[str]:
    assert main(["migrate", str(out)]) == 0
    return [*VAE, "--resume"]


def renamed(out: Path) -> list[str]:
    records.run_files(out, "vae-digits", 1).record.rename(files(out).record)
    return [*VAE, "--resume"]


def without_record(out: Path) -> list[str]:
    files(out).record.unlink()
    return [*VAE, "--resume"]


def overwriting(*more: str) -> Callable[[Path], list[str]]:
    return lambda out: [*VAE, *more, "--overwrite"]


RESUME = [*VAE, "--resume"]
CASES = {
    "finished": Case("is there already", "--resume", nothing, VAE, lambda out: RESUME),
    "finished, anew": Case("is there", "--overwrite", nothing, VAE, overwriting()),
    "other": Case("another hidden", "--overwrite", nothing,
                  [*RESUME, "--set", "hidden=5"], overwriting("--set", "hidden=5")),
    "no weights": Case("keeps no weights", "--overwrite", nothing,
                       [*RESUME, "--keep-weights"], overwriting("--keep-weights")),
    "no weights, left out": Case("keeps no", "leave out --keep-weights", nothing,
                                 [*RESUME, "--keep-weights"], lambda out: RESUME),
    "cut": Case("not a whole checkpoint", "--overwrite", cut, RESUME, overwriting()),
    "nan": Case("not finite", "--overwrite", not_finite, RESUME, overwriting()),
    "pickle": Case("earlier version", "--overwrite", pickled, RESUME, overwriting()),
    "changed": Case("was changed", "remove it", changed, RESUME, without_record),
    "unsigned": Case("no digest", "python -m lib migrate", unsigned, RESUME, migrated),
    "other seed": Case("with seed 0", "give it that name", another_seeds,
                       [*RESUME, "--seed", "1"], renamed),
    "no network": Case("no one network", "leave out --keep-weights", nothing,
                       [*NORMS, "--keep-weights"], lambda out: NORMS),
    "range": wrong("hidden=0", "hidden", "at least 1", "hidden=1"),
    "most": wrong("hidden=1000001", "hidden", "at most 1000000", "hidden=9"),
    "choice": wrong("digits=fashion", "digits", "bundled", "digits=bundled-8x8"),
    "number": wrong("latents=x", "latents", "whole number", "latents=3"),
    "rate": wrong("learning_rate=2", "learning_rate", "between 0 and 1",
                  "learning_rate=0.5"),
    "field": wrong("depth=1", "no field 'depth'", "latents", "latents=1"),
    "device": Case("abacus", "cpu", nothing, [*VAE, "--device", "abacus"],
                   overwriting("--device", "cpu")),
    "seed": Case("'-1'", "whole number below 2^63", nothing, [*VAE, "--seed", "-1"],
                 lambda out: [*VAE, "--seed", "1"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    assert main(["run", *VAE, "--out", str(folder)]) == 0
    return folder


def refused(command: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a command ends with; what a run says before is not counted."""
    capsys.readouterr()
    assert main(command) == 2
    captured = capsys.readouterr()
    errors = [line for line in captured.err.splitlines() if "error: " in line]
    assert captured.out == ""
    assert captured.err.endswith(f"{errors[0]}\n")
    assert "learning rate" not in errors[0]
    return errors[0]


@pytest.mark.parametrize("name", CASES)
def test_the_line_is_followed_and_the_run_succeeds(finished, tmp_path, capsys, name):
    case, out = CASES[name], tmp_path / "out"
    shutil.copytree(finished, out)
    case.fault(out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    line = refused(["run", *case.arguments, "--out", str(out)], capsys)
    assert case.said in line
    assert case.advice in line
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert main(["run", *case.remedy(out), "--out", str(out)]) == 0


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@pytest.mark.parametrize(
    ("held", "advice", "better"),
    [
        (lambda out: locks.held(files(out)), "another folder with --out", "other"),
        (lambda out: locks.held(files(out)), "wait until it ends", "out"),
        (lambda out: environment(CHECKED_GRADIENTS_THREADS="0"), "from 1 to", "out"),
        (lambda out: environment(CHECKED_GRADIENTS_DEVICE="no"), "use cpu", "out"),
    ],
)
def test_what_goes_by_itself_or_is_changed_outside(
    tmp_path, capsys, held, advice, better
):
    out = tmp_path / "out"
    out.mkdir()
    with ExitStack() as during:
        during.enter_context(held(out))
        assert advice in refused(["run", *VAE, "--out", str(out)], capsys)
        if better == "other":
            assert main(["run", *VAE, "--out", str(tmp_path / better)]) == 0
    assert main(["run", *VAE, "--out", str(out)]) == 0


def without(field: str) -> list[str]:
    """A sweep of the small run that leaves a field to the grid."""
    settings = [text for text in ("epochs=2", *VAE[4::2]) if not text.startswith(field)]
    return ["sweep", "vae-digits", *(x for text in settings for x in ("--set", text))]


SWEEP = without("seed")


def in_process(jobs: list[Job], places: object) -> Iterator[Ended]:
    """What runs a sweep's jobs, without a start of Python for each."""
    for number, job in enumerate(jobs):
        assert main(job.arguments) == 0
        yield Ended(number, "")


def no_package(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(watching, "find_spec", lambda name: None)
    patch.setitem(sys.modules, "submitit", None)


def under_torchrun(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("TORCHELASTIC_RUN_ID", "none")
    patch.setenv("WORLD_SIZE", "2")


def without_a_world(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("TORCHELASTIC_RUN_ID", "none")
    patch.setenv("WORLD_SIZE", "")


def little_memory(patch: pytest.MonkeyPatch) -> None:
    real = vae.loss

    def loss(model: vae.VAE, *arguments: Any, **options: Any) -> Any:
        if model.config.hidden > 200:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return real(model, *arguments, **options)

    patch.setattr(vae, "loss", loss)


@dataclass(frozen=True)
class Outside:
    """``fault`` makes the surroundings worse; ``better`` is what the line advises."""

    fault: Callable[[pytest.MonkeyPatch], object]
    command: list[str]
    advice: str
    better: list[str]
    mended: bool = False  # the surroundings are mended, too


OUTSIDE = {
    "grid": Outside(nothing, [*SWEEP, "--grid", "hidden"],
                    "FIELD=VALUE,VALUE or FIELD=0:5", [*SWEEP, "--grid", "seed=0:2"]),
    "grid's field": Outside(nothing, [*without("latents"), "--grid", "depth=2"],
                            "choose one of digits, hidden, latents",
                            [*without("latents"), "--grid", "latents=2"]),
    "set twice": Outside(nothing, [*SWEEP, "--grid", "hidden=3"], "--set hidden=4",
                         [*without("hidden"), "--grid", "hidden=3"]),
    "log": Outside(no_package, ["run", *VAE, "--log", "log"], "--log needs",
                   ["run", *VAE]),
    "slurm": Outside(no_package, [*SWEEP, "--grid", "seed=0", "--cluster", "slurm"],
                     "--cluster slurm needs", [*SWEEP, "--grid", "seed=0"]),
    "torchrun": Outside(under_torchrun, [*SWEEP, "--grid", "seed=0"], "start it alone",
                        [*SWEEP, "--grid", "seed=0"], mended=True),
    "one process": Outside(under_torchrun, ["run", *NORMS], "without torchrun",
                           ["run", *NORMS], mended=True),
    "odd torchrun": Outside(without_a_world, ["run", *VAE], "or unset TORCHELASTIC_RUN",
                            ["run", *VAE], mended=True),
    "memory": Outside(little_memory, ["run", *VAE, "--set", "hidden=201"],
                      "hidden is 201, make it smaller",
                      ["run", *VAE, "--set", "hidden=200", "--overwrite"]),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_the_surroundings_lack_is_gone_round_as_the_line_says(
    tmp_path, capsys, monkeypatch, name
):
    case, out = OUTSIDE[name], ["--out", str(tmp_path / "out")]
    monkeypatch.setattr(sweep, "run_locally", in_process)
    with monkeypatch.context() as patch:
        case.fault(patch)
        assert case.advice in refused([*case.command, *out], capsys)
        if not case.mended:
            assert main([*case.better, *out]) == 0
    if case.mended:
        assert main([*case.better, *out]) == 0


def test_what_cannot_be_compared_can_after_what_the_line_advises(tmp_path, capsys):
    one, other, none = (str(tmp_path / name) for name in ("one", "other", "none"))
    assert main(["run", *VAE, "--out", one]) == 0
    line = refused(["compare", one, none], capsys)
    assert "name a folder that a run or a sweep had as --out" in line
    assert main(["run", *NORMS, "--out", other]) == 0
    line = refused(["compare", one, other], capsys)
    assert "name folders with records of the same experiment" in line
    assert main(["run", *VAE, "--set", "latents=3", "--out", other]) == 0
    line = refused(["compare", one, other], capsys)
    assert "another latents: leave those out, or compare them apart" in line
    assert main(["run", *VAE, "--overwrite", "--out", other]) == 0
    assert main(["compare", one, other]) == 0


def test_room_on_a_full_disk_lets_the_run_go_on(tmp_path, capsys, monkeypatch):
    real, writes = os.fsync, iter(range(99))

    def fsync(descriptor):
        if next(writes) >= 2:  # the probe, and the first checkpoint
            raise OSError(28, os.strerror(28))
        real(descriptor)

    command = ["run", *VAE, "--out", str(tmp_path)]
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", fsync)
        assert "No space left on device" in refused(command, capsys)
    assert "--resume goes on with that run" in refused(command, capsys)
    assert main([*command, "--resume"]) == 0
