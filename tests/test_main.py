"""The command line, and runs that are killed."""

import errno
import gc
import json
import os
import signal
import subprocess
import sys

import pytest
import torch

from lib.__main__ import UsageError, configuration, main
from lib.data import digits
from lib.experiments import run
from lib.experiments.table import EXPERIMENTS
from lib.models import vae
from lib.training import checkpoints, records
from tests.shared.effort import sampled

GAN = [
    "run",
    "gan-digits",
    *("--set", "epochs=1"),
    *("--set", "generator_widths=8"),
    *("--set", "samples=40"),
]
NORMS = [
    "run",
    "norms-phrases",
    *("--set", "variants=post"),
    *("--set", "depths=1"),
    *("--set", "steps=1"),
    *("--set", "profile_steps=0"),
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

CHECKPOINT = "vae-digits-seed0.checkpoint.safetensors"


def test_list_names_every_experiment(capsys):
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()] == list(EXPERIMENTS)


def test_a_run_prints_its_metrics_and_writes_its_record(tmp_path, capsys):
    assert main([*QUICK, "--seed", "5", "--out", str(tmp_path / "new")]) == 0
    captured = capsys.readouterr()
    (line,) = captured.out.splitlines()
    printed = json.loads(line)
    record = records.read(tmp_path / "new" / "vae-digits-seed5.json")
    assert printed == {"name": "vae-digits", "seed": 5, **record["metrics"]}
    assert record["configuration"]["hidden"] == 8
    assert record["configuration"]["learning_rate"] > 0
    assert record["seed"] == 5
    assert all(len(curve) == 3 for curve in record["curves"].values())
    assert record["provenance"]["torch"] == torch.__version__
    assert record["seconds"]["training"] > 0
    assert "25 images with 3 samples" in captured.err
    png = (tmp_path / "new" / "vae-digits-seed5-samples.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == [
        "vae-digits-seed5-samples.png",
        "vae-digits-seed5.checkpoint.safetensors",
        "vae-digits-seed5.json",
    ]


def test_a_gan_is_run_by_the_same_command(tmp_path, capsys):
    assert main([*GAN, "--set", "loss=saturating", "--out", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    printed = json.loads(captured.out)
    record = records.read(tmp_path / "gan-digits-seed0.json")
    assert printed == {"name": "gan-digits", "seed": 0, **record["metrics"]}
    assert record["configuration"]["generator_widths"] == [8]
    assert record["configuration"]["loss"] == "saturating"
    assert {name: len(curve) for name, curve in record["curves"].items()} == {
        "loss": 1,
        "value": 1,
        "pixel_distance": 1,
    }
    assert sum(printed["coverage"]["shares"]) == pytest.approx(1)
    assert "1 epochs, seed 0" in captured.err
    assert "40 samples" in captured.err
    assert len(list(tmp_path.iterdir())) == 3


def test_a_run_without_samples_leaves_no_picture(tmp_path, capsys):
    assert main([*NORMS, "--out", str(tmp_path)]) == 0
    record = records.read(tmp_path / "norms-phrases-seed0.json")
    assert list(record["metrics"]["profiles"]) == ["post/1/0"]
    assert json.loads(capsys.readouterr().out)["profiles"]["post/1/0"].keys() == {"0"}
    assert {path.name for path in tmp_path.iterdir()} == {
        "norms-phrases-seed0.json",
        "norms-phrases-seed0.checkpoint.safetensors",
    }


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
        ([*QUICK, "--resume", "--overwrite"], "--overwrite: not allowed with"),
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


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("vae-digits", "hidden=8 epochs=0", "epochs must be at least 1, not 0"),
        (
            "vae-digits",
            "latents=3 hidden=99999999999",
            "hidden must be at most 1000000, not 99999999999",
        ),
        ("vae-digits", "nll_images=1", "nll_images must be at least 2, not 1"),
        (
            "vae-digits",
            "figure_epochs=1,-2",
            "figure_epochs must be at least 1, not -2",
        ),
        (
            "vae-digits",
            "learning_rate=nan",
            "learning_rate must lie between 0 and 1, not nan",
        ),
        (
            "vae-digits",
            "digits=fashion",
            "digits must be one of bundled, bundled-8x8, mnist, not 'fashion'",
        ),
        (
            "vae-plane",
            "latents=3",
            "latents must be 2, the two sides of a plane, not 3",
        ),
        ("iwae-mnist-k5", "stages=13", "stages must be at most 12, not 13"),
        ("gan-digits", "penalty=-1", "penalty must be finite and at least 0, not -1.0"),
        (
            "gan-digits",
            "generator_widths=8,10000000",
            "generator_widths must be at most 1000000, not 10000000",
        ),
        (
            "gan-digits",
            "loss=hinge",
            "loss must be one of saturating, non-saturating, not 'hinge'",
        ),
        (
            "translate-phrases",
            "width=130",
            "width must be even and a multiple of heads, 8, not 130",
        ),
        ("translate-phrases", "heads=0", "heads must be at least 1, not 0"),
        ("translate-phrases", "dropout=1", "dropout must lie in [0, 1), not 1.0"),
        ("translate-phrases", "smoothing=-1", "smoothing must lie in [0, 1), not -1.0"),
        (
            "translate-phrases",
            "encoder_layers=1001",
            "encoder_layers must be at most 1000, not 1001",
        ),
        ("translate-phrases", "warmup=-1", "warmup must be at least 0, not -1"),
        (
            "translate-multi30k",
            "languages=en,en",
            "languages must be two or more of en, de, fr, cs, each once, not 'en,en'",
        ),
        (
            "translate-multi30k",
            "vocabulary=299",
            "vocabulary must be at least 300, not 299",
        ),
        (
            "translate-multi30k-en-de",
            "untrained=en-de,de-en",
            "untrained must leave a direction to train on, not 'en-de,de-en'",
        ),
        ("norms-phrases", "warmups=0,-1", "warmups must be at least 0, not -1"),
        ("norms-phrases", "warmups=", "warmups must name at least one, not ''"),
        ("norms-phrases", "depths=1,0", "depths must be at least 1, not 0"),
        (
            "norms-phrases",
            "profile_steps=80",
            "profile_steps must be at most 79, not 80",
        ),
        (
            "norms-phrases",
            "variants=post,post+warm",
            "variants must add final or qk to a placement, not 'post+warm'",
        ),
        (
            "norms-phrases",
            "variants=before",
            "variants must begin with one of post, res_post, pre, sandwich, none, "
            "not 'before'",
        ),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_a_wrong_value_is_named_with_its_field_and_its_bound(
    name, settings, message, capsys
):
    options = [part for setting in settings.split() for part in ("--set", setting)]
    assert main(["run", name, *options]) == 2
    assert capsys.readouterr().err == f"error: {message}\n"


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (MemoryError(), "nll_samples is 4"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried"), "nll_samples is 4"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory"),
            "nll_samples is 4",
        ),
        (RuntimeError("DefaultCPUAllocator: not enough memory"), "make it smaller"),
    ],
)
def test_too_little_memory_is_one_line_that_names_the_largest_size(
    tmp_path, capsys, monkeypatch, error, named
):
    monkeypatch.setattr(vae, "loss", raising(error))
    small = ["--set", "hidden=3", "--set", "nll_samples=4", "--set", "batch_size=3"]
    assert main([*QUICK, *small, "--out", str(tmp_path)]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("error: vae-digits needs more memory than there is: ")
    assert named in line


def test_another_error_is_not_taken_for_too_little_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(vae, "loss", raising(RuntimeError("a fault of ours")))
    with pytest.raises(RuntimeError, match="a fault of ours"):
        main([*QUICK, "--out", str(tmp_path)])


def raising(error):
    def fail(*arguments, **options):
        raise error

    return fail


def test_a_message_of_several_lines_is_shown_in_one(capsys, monkeypatch):
    error = digits.DataError("the server said:\n  <html>\r\n\u2028 a  b</html>\n")
    monkeypatch.setattr(digits, "load", raising(error))
    assert main(QUICK) == 2
    assert capsys.readouterr().err == "error: the server said: <html>  a  b</html>\n"


def test_a_finished_run_without_weights_is_not_given_for_one_with_them(
    tmp_path, capsys
):
    out = ["--out", str(tmp_path)]
    assert main([*QUICK, *out]) == 0
    before = contents(tmp_path)
    capsys.readouterr()
    assert main([*QUICK, *out, "--resume", "--keep-weights"]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert captured.out == ""
    assert str(tmp_path / "vae-digits-seed0.json") in line
    assert "--overwrite" in line
    assert contents(tmp_path) == before
    assert main([*QUICK, *out, "--overwrite", "--keep-weights"]) == 0
    kept = capsys.readouterr().out
    assert main([*QUICK, *out, "--resume", "--keep-weights"]) == 0
    assert capsys.readouterr().out == kept


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
    assert left == ([] if writes < 3 else [CHECKPOINT])


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


@pytest.mark.parametrize("kill", sampled([KILLED_IN_AN_EPOCH, KILLED_IN_A_WRITE], 1))
def test_a_killed_run_goes_on_and_ends_as_if_it_never_was(tmp_path, capsys, kill):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    files, wanted = (records.run_files(f, "vae-digits", 0) for f in (killed, whole))
    code = f"import os, signal, sys\n{kill}\nfrom lib.__main__ import main\n"
    command = [sys.executable, "-c", code + "main(sys.argv[1:])", *QUICK]
    done = subprocess.run([*command, "--out", str(killed)], capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not files.record.exists()
    assert checkpoints.read(files.checkpoint)["history"]["epochs"] == 1

    assert main([*QUICK, "--out", str(killed), "--resume"]) == 0
    resumed = capsys.readouterr().out
    assert main([*QUICK, "--out", str(whole)]) == 0
    assert resumed == capsys.readouterr().out
    curves = [records.read(f.record)["curves"] for f in (files, wanted)]
    assert curves[0] == curves[1]
    assert files.samples.read_bytes() == wanted.samples.read_bytes()
    assert not list(killed.glob("*.partial"))


def test_a_finished_run_can_be_evaluated_again_with_more_samples(tmp_path, capsys):
    assert main([*QUICK, "--out", str(tmp_path)]) == 0
    before = (tmp_path / CHECKPOINT).stat().st_mtime_ns
    more = [*QUICK, "--set", "nll_samples=40", "--out", str(tmp_path), "--resume"]
    assert main(more) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert second["test_elbo"] == first["test_elbo"]
    assert second["test_nll"]["samples"] == 40
    assert second["test_nll"]["mean"] < first["test_nll"]["mean"]
    assert (tmp_path / CHECKPOINT).stat().st_mtime_ns == before


def test_two_seeds_lie_in_one_folder_and_neither_is_run_over(tmp_path, capsys):
    out = ["--out", str(tmp_path)]
    assert main([*QUICK, *out]) == main([*QUICK, *out, "--seed", "1"]) == 0
    assert len(list(tmp_path.iterdir())) == 6
    seeds = records.read_seeds(tmp_path, "vae-digits")
    assert [record["seed"] for record in seeds] == [0, 1]
    before = contents(tmp_path)
    capsys.readouterr()
    assert main([*QUICK, *out, "--seed", "1"]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert captured.out == ""
    assert str(tmp_path / "vae-digits-seed1.json") in line
    assert "--resume" in line
    assert "--overwrite" in line
    assert contents(tmp_path) == before


@pytest.mark.parametrize("left", records.RunFiles._fields)
def test_any_file_of_a_run_stops_another_before_data_are_sought(tmp_path, capsys, left):
    files = records.run_files(tmp_path, "vae-mnist", 0)
    file = getattr(files, left)
    file.touch()
    assert main(["run", "vae-mnist", "--download", "--out", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {file} is there already")
    assert list(tmp_path.iterdir()) == [file]


def test_a_finished_run_that_is_resumed_is_left_as_it_is(tmp_path, capsys):
    assert main([*QUICK, "--out", str(tmp_path)]) == 0
    before = contents(tmp_path)
    assert main([*QUICK, "--out", str(tmp_path), "--resume"]) == 0
    captured = capsys.readouterr()
    first, second = captured.out.splitlines()
    assert first == second
    assert "it is finished" in captured.err
    assert contents(tmp_path) == before


@pytest.mark.parametrize("how", [[], ["--resume"], ["--overwrite"]])
def test_a_second_process_is_refused_at_the_start_and_the_first_ends(
    tmp_path, capsys, monkeypatch, how
):
    """The second one starts while the first is in its first step."""
    real, out = vae.loss, ["--out", str(tmp_path)]
    statuses = []

    def second(*arguments, **options):
        if not statuses:
            statuses.append(None)
            before = contents(tmp_path)
            statuses.append(main([*QUICK, *out, *how]))
            assert contents(tmp_path) == before
            statuses.append(main([*QUICK, *out, "--seed", "1"]))
        return real(*arguments, **options)

    monkeypatch.setattr(vae, "loss", second)
    assert main([*QUICK, *out]) == 0
    assert statuses == [None, 2, 0]
    (line,) = [x for x in capsys.readouterr().err.splitlines() if "error: " in x]
    assert "another process is at work" in line
    assert str(tmp_path / "vae-digits-seed0.json") in line
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize("how", [[], ["--resume"]])
def test_a_run_that_another_process_finished_meanwhile_is_not_run_over(
    tmp_path, capsys, monkeypatch, how
):
    """The other one runs whole after the files are looked for, before they are held."""
    real, command, ended = digits.load, [*QUICK, "--out", str(tmp_path)], []

    def load(*arguments, **options):
        if not ended:
            ended.append(None)
            ended.append((main(command), contents(tmp_path)))
        return real(*arguments, **options)

    monkeypatch.setattr(digits, "load", load)
    assert main([*command, *how]) == 2
    assert ended[1] == (0, contents(tmp_path))
    line = capsys.readouterr().err.splitlines()[-1]
    assert "the same command again" in line or "--resume goes on" in line
    assert main([*command, "--resume"]) == 0


def test_resuming_starts_where_there_is_nothing_to_resume(tmp_path, capsys):
    assert main([*QUICK, "--out", str(tmp_path / "a"), "--resume"]) == 0
    assert main([*QUICK, "--out", str(tmp_path / "b")]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


@pytest.mark.parametrize("checkpoint", [True, False])
def test_another_run_is_not_resumed_and_the_difference_is_named(
    tmp_path, capsys, checkpoint
):
    assert main([*QUICK, "--out", str(tmp_path)]) == 0
    if not checkpoint:
        (tmp_path / CHECKPOINT).unlink()
    before = contents(tmp_path)
    capsys.readouterr()
    other = [*QUICK, "--set", "hidden=9", "--out", str(tmp_path), "--resume"]
    assert main(other) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    line = captured.err.splitlines()[-1]
    assert str(tmp_path / "vae-digits-seed0") in line
    assert "another hidden" in line
    assert "--overwrite" in line
    assert contents(tmp_path) == before


def test_overwriting_starts_anew(tmp_path, capsys, monkeypatch):
    out = ["--out", str(tmp_path), "--overwrite"]
    assert main([*QUICK, *out[:2]]) == 0
    assert main([*QUICK, "--set", "hidden=9", *out]) == 0
    record = records.read(tmp_path / "vae-digits-seed0.json")
    assert record["configuration"]["hidden"] == 9
    capsys.readouterr()

    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    before = contents(tmp_path)
    monkeypatch.setattr(digits, "load", interrupt)
    assert main([*QUICK, *out]) == 130
    assert contents(tmp_path) == before  # nothing goes before the data are there
    monkeypatch.undo()
    monkeypatch.setattr(vae, "loss", interrupt)
    assert main([*QUICK, *out]) == 130
    assert "--resume" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []  # of the old run nothing can be resumed


def test_a_changed_record_is_not_taken_for_a_finished_run(tmp_path, capsys):
    assert main([*QUICK, "--out", str(tmp_path)]) == 0
    file = tmp_path / "vae-digits-seed0.json"
    file.write_text(file.read_text().replace('"n": 25', '"n": 26'))
    assert main([*QUICK, "--out", str(tmp_path), "--resume"]) == 2
    assert f"{file} was changed" in capsys.readouterr().err


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_python_m_lib_keeps_its_streams_apart(tmp_path):
    command = [sys.executable, "-m", "lib", "run", "vae-nothing"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


HEAVY = {
    *("torch", "torchvision", "numpy", "sklearn", "matplotlib"),
    *("tokenizers", "sacrebleu", "safetensors", "tqdm", "jaxtyping"),
}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["list"], 0),
        (["--help"], 0),
        (["run", "--help"], 0),
        (["walk"], 2),
        (["run", "vae-cifar"], 2),
        ([*QUICK, "--set", "depth=3"], 2),
        ([*QUICK, "--set", "hidden=0"], 2),
        (["run", "translate-phrases", "--set", "width=130"], 2),
        (["run", "norms-phrases", "--set", "variants=before"], 2),
        ([*QUICK, "--seed", "-1"], 2),
        ([*QUICK, "--out", "there"], 2),
        (["run", "vae-mnist", "--data", "nowhere"], 2),
        (["run", "translate-multi30k", "--data", "nowhere"], 2),
        ([*NORMS, "--keep-weights"], 2),
    ],
)
def test_what_needs_no_pytorch_is_answered_without_it(tmp_path, arguments, status):
    """The start would take seconds; a time is not asserted, what is imported is."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "vae-digits-seed0.json").touch()
    code = (
        "import sys\nfrom lib.__main__ import main\n"
        "try:\n    status = main(sys.argv[1:])\n"
        "except SystemExit as ended:\n    status = ended.code\n"
        "tops = {name.partition('.')[0] for name in sys.modules}\n"
        "print(status, *sorted(tops), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    found, *imported = done.stderr.splitlines()[-1].split()
    assert found == str(status), done.stderr
    assert not HEAVY & set(imported)
    assert len(done.stderr.splitlines()) == (2 if status else 1)


AT_THE_FIRST_STEP = """
import os, sys
from lib.__main__ import main
from lib.training.optimisers import Adam
def step(self):
    print(*{".".join(name.split(".")[:2]) for name in sys.modules}, flush=True)
    os._exit(0)
Adam.step = step
main(sys.argv[1:])
"""
LATE = {"matplotlib", "sklearn", "scipy", "sacrebleu", "torchvision", "PIL"}
COMPILER = {"torch._dynamo", "sympy"}


@pytest.mark.parametrize(
    "name", ["vae-digits", "gan-digits", "translate-phrases", "norms-phrases"]
)
def test_a_first_step_waits_for_no_import_that_it_does_not_need(tmp_path, name):
    command = [sys.executable, "-c", AT_THE_FIRST_STEP, "run", name]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)], capture_output=True, text=True
    )
    imported = set(done.stdout.split())
    assert "torch.optim" in imported, done.stderr
    assert not (LATE | COMPILER) & imported


def test_pytorch_is_loaded_without_a_look_for_garbage(monkeypatch) -> None:
    with run._loading():  # it is there: nothing changes
        assert gc.isenabled()
    assert not gc.get_freeze_count()
    monkeypatch.delitem(sys.modules, "torch")
    try:
        with run._loading():
            assert not gc.isenabled()
        assert gc.isenabled()
        assert gc.get_freeze_count()
    finally:
        gc.unfreeze()


def test_weights_are_kept_where_they_are_asked_for(tmp_path, capsys):
    out = str(tmp_path)
    assert main([*QUICK, "--out", out, "--keep-weights"]) == 0
    kept = records.read(tmp_path / "vae-digits-seed0.json")["weights"]
    model = checkpoints.read(tmp_path / CHECKPOINT)["parts"]["model"]
    found = records.unpacked_weights(kept)
    assert found.keys() == model.keys()
    assert all(torch.equal(found[name], part) for name, part in model.items())
    assert main([*QUICK, "--out", out, "--overwrite"]) == 0
    assert "weights" not in records.read(tmp_path / "vae-digits-seed0.json")
    capsys.readouterr()
    assert main([*NORMS, "--out", out, "--keep-weights"]) == 2
    assert "leave out --keep-weights" in capsys.readouterr().err


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
