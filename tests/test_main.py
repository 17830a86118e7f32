"""The command line, and runs that are killed."""

import errno
import json
import os
import signal
import subprocess
import sys

import pytest
import torch

from lib.__main__ import UsageError, configuration, main
from lib.experiments.table import EXPERIMENTS
from lib.training import records

GAN = [
    "run",
    "gan-digits",
    *("--set", "epochs=1"),
    *("--set", "generator_widths=8"),
    *("--set", "samples=40"),
]
QUICK = [
    "run",
    "vae-digits",
    *("--epochs", "3"),
    *("--set", "hidden=8"),
    *("--set", "latents=2"),
    *("--set", "nll_samples=3"),
    *("--set", "nll_images=25"),
]


def test_list_names_every_experiment(capsys):
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()] == list(EXPERIMENTS)


def test_a_run_prints_its_metrics_and_writes_its_record(tmp_path, capsys):
    assert main([*QUICK, "--seed", "5", "--out", str(tmp_path / "new")]) == 0
    captured = capsys.readouterr()
    (line,) = captured.out.splitlines()
    printed = json.loads(line)
    record = records.read(tmp_path / "new" / "vae-digits.json")
    assert printed == {"name": "vae-digits", "seed": 5, **record["metrics"]}
    assert record["configuration"]["hidden"] == 8
    assert record["configuration"]["learning_rate"] > 0
    assert record["seed"] == 5
    assert all(len(curve) == 3 for curve in record["curves"].values())
    assert record["provenance"]["torch"] == torch.__version__
    assert record["seconds"]["training"] > 0
    assert "25 images with 3 samples" in captured.err
    png = (tmp_path / "new" / "vae-digits-samples.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == [
        "vae-digits-samples.png",
        "vae-digits.checkpoint.pt",
        "vae-digits.json",
    ]


def test_a_gan_is_run_by_the_same_command(tmp_path, capsys):
    assert main([*GAN, "--set", "loss=saturating", "--out", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    printed = json.loads(captured.out)
    record = records.read(tmp_path / "gan-digits.json")
    assert printed == {"name": "gan-digits", "seed": 0, **record["metrics"]}
    assert record["configuration"]["generator_widths"] == [8]
    assert record["configuration"]["loss"] == "saturating"
    assert {name: len(curve) for name, curve in record["curves"].items()} == {
        "loss": 1,
        "value": 1,
    }
    assert sum(printed["coverage"]["shares"]) == pytest.approx(1)
    assert "1 epochs, seed 0" in captured.err
    assert "40 samples" in captured.err
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "command"),
        (["walk"], "walk"),
        (["run"], "NAME"),
        (["run", "vae-cifar"], "vae-mnist, vae-mnist-peer, vae-digits"),
        ([*QUICK, "--set", "depth=3"], "depth"),
        ([*QUICK, "--set", "hidden"], "FIELD=VALUE"),
        ([*QUICK, "--set", "hidden=many"], "a whole number"),
        ([*QUICK, "--set", "learning_rate=fast"], "a number"),
        ([*QUICK, "--set", "learning_rate=-1"], "learning_rate"),
        ([*QUICK, "--set", "figure_epochs=1;2"], "1,5,20"),
        ([*QUICK, "--set", "digits=fashion"], "bundled, bundled-8x8, mnist"),
        ([*QUICK, "--epochs", "0"], "epochs"),
        ([*QUICK, "--epochs", "3.5"], "whole number"),
        ([*QUICK, "--seed", "-1"], "seed"),
        ([*QUICK, "--device", "abacus"], "abacus"),
        ([*QUICK, "--set", "digits=mnist", "--data", "/nowhere"], "/nowhere"),
        ([*QUICK, "--faster"], "--faster"),
        ([*GAN, "--set", "hidden=8"], "generator_widths, discriminator_widths"),
        ([*GAN, "--set", "loss=hinge"], "loss must be one of saturating, non-sat"),
        ([*GAN, "--set", "activation=swish"], "activation must be one of identity"),
        ([*GAN, "--set", "discriminator_widths=0"], "discriminator_widths must be"),
        ([*GAN, "--set", "generator_widths=wide"], "whole numbers, as in 1,5,20"),
    ],
)
def test_a_request_that_cannot_be_met_is_one_line_and_status_2(
    arguments, named, tmp_path, capsys
):
    out = tmp_path / "out"
    with_out = (
        [*arguments, "--out", str(out)] if arguments[:1] == ["run"] else arguments
    )
    assert main(with_out) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    assert named in line
    assert not out.exists()


def test_an_out_folder_that_cannot_be_is_refused(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main([*QUICK, "--out", str(tmp_path / "file")]) == 2
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.parametrize("writes", [0, 1, 3])
def test_a_disk_that_fills_leaves_nothing_half_written(
    tmp_path, monkeypatch, capsys, writes
):
    """``writes`` files fit: none; the probe; the probe and two checkpoints."""
    real, count = os.fsync, iter(range(1000))

    def fsync(descriptor):
        if next(count) >= writes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    assert main([*QUICK, "--out", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "No space left" in captured.err.splitlines()[-1]
    left = [path.name for path in tmp_path.iterdir()]
    assert left == ([] if writes < 3 else ["vae-digits.checkpoint.pt"])


KILLED_IN_AN_EPOCH = """
from lib.models import vae
steps, real = iter(range(1000)), vae.loss
def loss(*arguments):
    if next(steps) == 18:  # twelve steps an epoch
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
vae.loss = loss
"""
KILLED_IN_A_WRITE = """
writes = iter(range(1000))
def fsync(descriptor):
    if next(writes) == 2:  # the probe, the first checkpoint, the second
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = fsync
"""


@pytest.mark.parametrize("kill", [KILLED_IN_AN_EPOCH, KILLED_IN_A_WRITE])
def test_a_killed_run_goes_on_and_ends_as_if_it_never_was(tmp_path, capsys, kill):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    code = f"import os, signal, sys\n{kill}\nfrom lib.__main__ import main\n"
    command = [sys.executable, "-c", code + "main(sys.argv[1:])", *QUICK]
    done = subprocess.run([*command, "--out", str(killed)], capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (killed / "vae-digits.json").exists()
    assert torch.load(killed / "vae-digits.checkpoint.pt")["history"]["epochs"] == 1

    assert main([*QUICK, "--out", str(killed), "--resume"]) == 0
    resumed = capsys.readouterr().out
    assert main([*QUICK, "--out", str(whole)]) == 0
    assert resumed == capsys.readouterr().out
    records_of = [records.read(f / "vae-digits.json") for f in (killed, whole)]
    assert records_of[0]["curves"] == records_of[1]["curves"]
    pictures = [(f / "vae-digits-samples.png").read_bytes() for f in (killed, whole)]
    assert pictures[0] == pictures[1]
    assert not list(killed.glob("*.partial"))


def test_a_finished_run_can_be_evaluated_again_with_more_samples(tmp_path, capsys):
    assert main([*QUICK, "--out", str(tmp_path)]) == 0
    before = (tmp_path / "vae-digits.checkpoint.pt").stat().st_mtime_ns
    more = [*QUICK, "--set", "nll_samples=40", "--out", str(tmp_path), "--resume"]
    assert main(more) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert second["test_elbo"] == first["test_elbo"]
    assert second["test_nll"]["samples"] == 40
    assert second["test_nll"]["mean"] < first["test_nll"]["mean"]
    assert (tmp_path / "vae-digits.checkpoint.pt").stat().st_mtime_ns == before


def test_python_m_lib_keeps_its_streams_apart(tmp_path):
    command = [sys.executable, "-m", "lib", "run", "vae-nothing"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_words_and_truths_can_be_set_and_a_list_can_be_empty() -> None:
    settings = ["untrained=", "languages=de,en", "qk_norm=true", "epochs=2"]
    run = configuration("translate-multi30k", None, settings)
    assert run.untrained == ()
    assert run.languages == ("de", "en")
    assert run.qk_norm is True
    with pytest.raises(UsageError, match="qk_norm must be true or false, not 'yes'"):
        configuration("translate-multi30k", None, ["qk_norm=yes"])
    with pytest.raises(UsageError, match="whole numbers"):
        configuration("norms-phrases", None, ["depths=1,,5"])
