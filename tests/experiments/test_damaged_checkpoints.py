"""Checkpoints changed under a right digest: one line, and nothing replaced."""

import pytest
import torch

from lib.__main__ import main
from lib.training import checkpoints, records
from tests.shared.effort import sampled

VAE = [
    *("run", "vae-digits", "--epochs", "2", "--set", "figure_epochs=1"),
    *("--set", "digits=bundled-8x8", "--set", "hidden=8", "--set", "latents=2"),
    *("--set", "nll_samples=3", "--set", "nll_images=25"),
]
GAN = [
    *("run", "gan-digits", "--set", "epochs=2", "--set", "figure_epochs=1"),
    *("--set", "generator_widths=8", "--set", "samples=40"),
]
NORMS = [
    *("run", "norms-phrases", "--set", "variants=post", "--set", "depths=1"),
    *("--set", "steps=2", "--set", "profile_steps=0,1"),
]
RUNS = {run[1]: run for run in (VAE, GAN, NORMS)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run of each kind, by name: what is in its folder."""
    found = {}
    for name, run in RUNS.items():
        folder = tmp_path_factory.mktemp(name)
        assert main([*run, "--out", str(folder)]) == 0
        found[name] = {path.name: path.read_bytes() for path in folder.iterdir()}
    return found


def model(state):
    return state["parts"]["model"]


def adam(state, name="optimiser"):
    return state["parts"][name]


def snapshot(key, change):
    def changed(state):
        pictures = state["history"]["snapshots"]
        pictures[key] = change(pictures[key])

    return changed


def curve(key, change):
    return lambda state: change(state["history"]["curves"].setdefault(key, []))


CHANGES = [
    ("vae-digits", "model.decoder.0.bias holds a number that is not finite",
     lambda s: model(s)["decoder.0.bias"].fill_(torch.nan)),
    ("vae-digits", "its curves", curve("loss", lambda c: c.pop())),
    ("vae-digits", "its curves", curve("other", lambda c: c.append(1.0))),
    ("vae-digits", "snapshots.1 has not the shape", snapshot("1", lambda s: s[:, :9])),
    ("vae-digits", "snapshots.2 is of torch.flo", snapshot("2", lambda s: s.float())),
    ("vae-digits", "snapshots has not the entries",
     lambda s: s["history"]["snapshots"].pop("1")),
    ("vae-digits", "exp_avg_sq is less than zero",
     lambda s: adam(s)["state"][0]["exp_avg_sq"].fill_(-1)),
    ("vae-digits", "step is less than zero",
     lambda s: adam(s)["state"][0]["step"].fill_(-1)),
    ("vae-digits", "param_groups.betas is [2, 2], and should be (0.9, 0.999)",
     lambda s: adam(s)["param_groups"][0].update(betas=[2, 2])),
    ("vae-digits", "param_groups.lr is 7.0",
     lambda s: adam(s)["param_groups"][0].update(lr=7.0)),
    ("gan-digits", "generator.parameters.1 holds a number that is not finite",
     lambda s: s["parts"]["generator"]["parameters"][1].fill_(torch.inf)),
    ("gan-digits", "snapshots.2 has not the shape", snapshot("2", lambda s: s[:9])),
    ("gan-digits", "up.param_groups.maximize is False, and should be True",
     lambda s: adam(s, "up")["param_groups"][0].update(maximize=False)),
    ("norms-phrases", "snapshots.post/1/0 0 holds a number that is not finite",
     snapshot("post/1/0 0", lambda s: s * torch.nan)),
    ("norms-phrases", "snapshots.post/1/0 1 has not the shape (4, 2)",
     snapshot("post/1/0 1", lambda s: s[:3])),
    ("norms-phrases", "snapshots has not the entries",
     lambda s: s["history"]["snapshots"].update(x=torch.zeros(1))),
    ("norms-phrases", "its curves", curve("post/1/0 loss", lambda c: c.append(1))),
    ("norms-phrases", "its curves", curve("pre/9/9 loss", lambda c: c.append(1.0))),
    ("norms-phrases", "its curves", lambda s: s["history"].update(epochs=9)),
    ("norms-phrases", "its curves", curve("post/1/0 loss", lambda c: c.clear())),
    ("norms-phrases", "its curves",
     lambda s: s["history"]["curves"].pop("post/1/0 last decoder")),
    ("norms-phrases", "snapshots has not the entries",
     lambda s: s["history"]["snapshots"].pop("post/1/0 1")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "said", "change"), sampled(CHANGES, 9))
def test_a_changed_checkpoint_is_named_before_anything_is_replaced(
    finished, tmp_path, capsys, name, said, change
):
    """A run that is to go on, and a finished one that is to be judged anew."""
    for file, content in finished[name].items():
        (tmp_path / file).write_bytes(content)
    files = records.run_files(tmp_path, name, 0)
    state = checkpoints.read(files.checkpoint)
    change(state)
    checkpoints.save(files.checkpoint, state)
    more = ["--set", "nll_samples=4"] if name == "vae-digits" else []
    if not more:
        files.record.unlink()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert main([*RUNS[name], *more, "--out", str(tmp_path), "--resume"]) == 2
    captured = capsys.readouterr()
    line = captured.err.splitlines()[-1].split("\r")[-1]
    assert captured.out == ""
    assert f"{files.checkpoint} does not fit this run: " in line
    assert said in line
    assert "learning rate" not in line
    assert line.endswith("start anew with --overwrite")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", RUNS)
def test_the_line_is_followed_and_the_run_ends_as_it_did(finished, tmp_path, name):
    files = records.run_files(tmp_path, name, 0)
    for file, content in finished[name].items():
        (tmp_path / file).write_bytes(content)
    files.record.unlink()
    files.checkpoint.write_bytes(files.checkpoint.read_bytes()[:-1])
    command = [*RUNS[name], "--out", str(tmp_path)]
    assert main([*command, "--resume"]) == 2
    assert main([*command, "--overwrite"]) == 0
    (tmp_path / "whole.json").write_bytes(finished[name][files.record.name])
    whole, anew = (records.read(p) for p in (tmp_path / "whole.json", files.record))
    assert anew["metrics"] == whole["metrics"]
    assert anew["curves"] == whole["curves"]
