"""Several processes give one result, and one of them lost ends the run aloud.

Processes are dear to start: two starts, of two and of three, run all that is asked.
"""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import torch

from lib.__main__ import main
from lib.training import checkpoints, distributed, environment, records
from lib.training.distributed import ALONE, LOST, Workers
from lib.training.engine import Engine, decide
from lib.training.errors import TrainingError
from tests.shared import workers as trainings
from tools.digest import ROOT

RUN = [
    *("run", "vae-digits", "--epochs", "3"),
    *("--set", "hidden=8"),
    *("--set", "latents=2"),
    *("--set", "nll_samples=3"),
    *("--set", "nll_images=25"),
]
KILLED_IN = 30  # of twelve steps an epoch: in the third epoch


def torchrun(count: int, folder: Path, *arguments: str, **variables: str):
    """The trainings, and the command line, by so many processes."""
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
        *("--nproc-per-node", str(count), "-m", "tests.shared.workers", str(folder)),
    ]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    process = subprocess.Popen(
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=variables | {"CHECKED_GRADIENTS_THREADS": "1"},
    )
    try:
        out, err = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        process.terminate()  # torchrun ends its processes then
        pytest.fail("they wait for each other: " + process.communicate()[1])
    return subprocess.CompletedProcess(command, process.returncode, out, err)


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """Two processes, of which one is killed; then three that go on with their run."""
    folders = {count: tmp_path_factory.mktemp(f"of-{count}") for count in (2, 3)}
    out = ["--out", str(folders[2])]
    killed = torchrun(2, folders[2], *RUN, *out, KILLED=str(KILLED_IN))
    files = records.run_files(folders[2], "vae-digits", 0)
    left = files.checkpoint.read_bytes() if files.checkpoint.exists() else b""
    (folders[3] / "left").write_bytes(left)
    resumed = torchrun(3, folders[3], *RUN, *out, "--resume")
    return folders, {2: killed, 3: resumed}


@pytest.fixture(scope="module")
def alone():
    return trainings.one_result(ALONE)


def said_by(folder: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("?.json"))]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("case", ["elbo", "iwae", "bucketed", "packed"])
def test_any_number_of_processes_gives_the_result_of_one(started, alone, count, case):
    folders, done = started
    every = said_by(folders[count])
    assert len(every) == count, done[count].stderr
    for found in every:
        assert found["one result"][case] == every[0]["one result"][case]
        assert found["one result"][case].keys() == alone[case].keys()
        for name, wanted in alone[case].items():
            # Scores' softmax does not see a bias of the keys: its gradient is rounding
            # alone, which Adam makes steps of.
            no_gradient = name.endswith("key.bias")
            torch.testing.assert_close(
                torch.tensor(found["one result"][case][name], dtype=torch.float64),
                torch.tensor(wanted, dtype=torch.float64),
                rtol=1e-9,
                atol=1e-9 if no_gradient else 1e-12,
                msg=lambda text, name=name: f"{name}: {text}",
            )


def test_a_killed_process_ends_the_run_with_one_line(started):
    folders, done = started
    assert done[2].returncode != 0
    assert done[2].stdout == ""
    ours = done[2].stderr.split("torch/distributed/elastic")[0].splitlines()
    assert done[2].stderr.count(LOST) == 1
    assert done[2].stderr.count("Traceback") == 1  # torchrun's own
    assert "Traceback (most recent call last):" not in ours
    state = checkpoints.read(folders[3] / "left")
    assert state["history"]["epochs"] == 2


def test_the_run_goes_on_with_another_number_of_processes(started, tmp_path, capsys):
    folders, done = started
    assert done[3].returncode == 0, done[3].stderr
    (line,) = done[3].stdout.splitlines()
    names = [path.name for path in folders[2].glob("vae-digits*")]
    assert len(names) == len({*names}) == 3
    record = records.read(folders[2] / "vae-digits-seed0.json")
    assert record["provenance"]["processes"] == "3"
    assert main([*RUN, "--out", str(tmp_path)]) == 0
    whole = records.read(tmp_path / "vae-digits-seed0.json")
    assert record["configuration"] == whole["configuration"]
    for name, curve in whole["curves"].items():
        assert record["curves"][name] == pytest.approx(curve, rel=1e-5), name
    wanted = json.loads(capsys.readouterr().out)["test_elbo"]["mean"]
    assert json.loads(line)["test_elbo"]["mean"] == pytest.approx(wanted, rel=1e-5)
    # One process speaks.
    assert done[3].stderr.count("epochs, seed 0") == 1
    assert done[3].stderr.count("record in") == 1


def test_modules_draw_apart_in_each_process(started):
    folders, _ = started
    drawn = [found["own"]["drawn"] for found in said_by(folders[3])]
    assert len({*drawn}) == 3
    assert drawn[0] == trainings.own(ALONE)["drawn"]


@pytest.mark.parametrize("count", [2, 3])
def test_processes_that_see_other_checkpoints_are_told_of_it(started, count):
    folders, _ = started
    for found in said_by(folders[count]):
        assert "all need to see the same folder" in found["started apart"]


@pytest.mark.parametrize("total", range(9))
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_shares_of_rows_are_all_rows_and_as_equal_as_can_be(count, total):
    shares = [range(total)[Workers(r, count).rows(total)] for r in range(count)]
    assert [row for share in shares for row in share] == list(range(total))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.fixture
def second_of_two(monkeypatch):
    """This process as torchrun starts the second of two on a machine."""
    for name, value in {
        "TORCHELASTIC_RUN_ID": "none",
        "WORLD_SIZE": "2",
        "RANK": "1",
        "LOCAL_RANK": "1",
        "MASTER_ADDR": "127.0.0.1",
        "TORCHELASTIC_RESTART_COUNT": "0",
    }.items():
        monkeypatch.setenv(name, value)


def test_without_torchrun_a_process_is_alone_whatever_others_set(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "8")
    monkeypatch.setenv("RANK", "5")
    assert distributed.launched() == ALONE
    assert distributed.first_to_tell()


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        *[
            ("WORLD_SIZE", text)
            for text in ("", "x", "0", "-1", "1.5", "²", "9" * 5000)
        ],
        *[("RANK", text) for text in ("", "x", "-1", "½")],
    ],
)
def test_what_torchrun_never_sets_is_one_line(
    second_of_two, monkeypatch, tmp_path, capsys, variable, text
):
    monkeypatch.setenv(variable, text)
    assert main(["run", "vae-digits", "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{variable} is {text!r}, not a whole number from" in line
    assert not list(tmp_path.iterdir())


def test_a_line_that_no_process_claims_is_told_by_each(
    second_of_two, monkeypatch, capsys
):
    monkeypatch.setenv("LOCAL_RANK", "-")
    monkeypatch.delenv("MASTER_PORT", raising=False)
    assert main(["list"]) == 2
    assert "list is not for torchrun" in capsys.readouterr().err
    with (
        pytest.raises(
            TrainingError, match="start with torchrun, or unset TORCHELASTIC"
        ),
        Workers(1, 2).joined("cpu"),
    ):
        pass
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # which it left aside, to tell why


def test_each_of_several_has_one_thread_and_a_gpu_of_its_own(second_of_two):
    assert environment.threads() == 1
    assert environment.chosen_device() == "cpu"
    assert environment.chosen_device("cuda") == "cuda:1"
    for device in ("mps", "cuda:0"):
        with pytest.raises(TrainingError, match=device):
            environment.chosen_device(device)


def test_the_engine_knows_the_others(second_of_two, capsys):
    engine = decide("cpu", "float32", "auto", ("graph",), ("float32",), print)
    assert engine == Engine("cpu", workers=Workers(1, 2))
    assert engine.about["processes"] == "2"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["run", "gan-digits"], "gan-digits trains in one process: start it without"),
        (["run", "norms-phrases"], "norms-phrases trains in one process"),
        (["list"], "list is not for torchrun"),
        (["sweep", "vae-digits", "--grid", "seed=0:2"], "sweep is not for torchrun"),
    ],
)
def test_what_several_processes_cannot_share_is_refused(
    second_of_two, monkeypatch, tmp_path, capsys, arguments, named
):
    monkeypatch.setattr("lib.__main__.first_to_tell", lambda: True)
    out = [] if arguments == ["list"] else ["--out", str(tmp_path / "new")]
    assert main([*arguments, *out]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert named in line
    assert captured.out == ""
    assert not list(tmp_path.iterdir())


def test_the_first_of_several_to_tell_why_it_ends_is_the_only_one(
    second_of_two, monkeypatch
):
    store = distributed.TCPStore("127.0.0.1", 0, is_master=True)
    monkeypatch.setenv("MASTER_PORT", str(store.port))
    assert [distributed.first_to_tell() for _ in range(3)] == [True, False, False]
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert distributed.first_to_tell()
    monkeypatch.delenv("MASTER_PORT")
    assert distributed.first_to_tell()


def test_where_the_store_is_gone_each_tells_why_it_ends(second_of_two, monkeypatch):
    def gone():
        raise RuntimeError

    monkeypatch.setattr(distributed, "_store", gone)
    assert distributed.first_to_tell()


def test_torchruns_store_is_asked_for_seconds_at_most(second_of_two, monkeypatch):
    monkeypatch.setenv("MASTER_PORT", "29500")
    asked = []
    monkeypatch.setattr(distributed, "TCPStore", lambda *x, **y: asked.append((x, y)))
    monkeypatch.setattr(distributed, "PrefixStore", lambda prefix, store: prefix)
    assert distributed._store() == "attempt 0"
    [(place, options)] = asked
    assert place == ("127.0.0.1", 29500)
    assert not options.get("is_master")
    assert options["timeout"] == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("variable", "text", "why"),
    [
        ("MASTER_ADDR", None, "'MASTER_ADDR'"),
        ("MASTER_PORT", "x", "invalid literal for int() with base 10: 'x'"),
        ("TORCHELASTIC_RESTART_COUNT", None, "'TORCHELASTIC_RESTART_COUNT'"),
    ],
)
def test_a_variable_that_torchrun_would_set_is_named(
    second_of_two, monkeypatch, variable, text, why
):
    monkeypatch.setenv("MASTER_PORT", "29500")
    if text is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, text)
    with pytest.raises(TrainingError) as said:
        distributed._store()
    assert str(said.value) == (
        f"torchrun's variables are not as it sets them ({why}): start with torchrun, "
        "or unset TORCHELASTIC_RUN_ID"
    )


def test_the_first_of_several_writes_and_speaks():
    assert [Workers(rank, 3).first for rank in range(3)] == [True, False, False]


def test_numbers_mean_the_same_in_each_process(monkeypatch):
    others = torch.tensor([3.0, 6.0], dtype=torch.float64)
    monkeypatch.setattr(
        distributed.distributed, "all_reduce", lambda mine: mine.add_(others)
    )
    small = 2.0**-40
    found = Workers(1, 2).mean({"loss": 1 + small, "rate": 2.0})
    assert found == {"loss": 2 + small / 2, "rate": 4.0}
    assert ALONE.mean({"loss": 1 / 3}) == {"loss": 1 / 3}


@pytest.mark.parametrize(("rank", "seed"), [(0, 7), (1, 8), (2, 9)])
def test_only_before_the_first_batch_modules_are_seeded_apart(rank, seed):
    torch.manual_seed(7)
    torch.rand(3)
    before = torch.get_rng_state()
    batches = iter(Workers(rank, 3).apart("ab"))
    assert next(batches) == "a"
    assert torch.initial_seed() == seed
    assert torch.equal(torch.get_rng_state(), before) == (rank == 0)
    torch.rand(3)
    before = torch.get_rng_state()
    assert list(batches) == ["b"]
    assert torch.equal(torch.get_rng_state(), before)


@pytest.fixture
def group():
    """A group of this process alone, in which it plays each of several."""
    group = distributed.distributed
    group.init_process_group("gloo", store=group.HashStore(), rank=0, world_size=1)
    yield
    group.destroy_process_group()


def weighted(model, x, w):
    """Means over the rows, of which each counts as much as its w."""
    values = model(x).square().sum(1)
    return {"loss": (values * w).sum() / w.sum(), "first": x[:, 0] @ w / w.sum()}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_shares_of_the_loss_mean_that_of_the_whole_batch(group, count):
    draw = torch.Generator().manual_seed(2)
    model = torch.nn.Linear(3, 2).double()
    rows = torch.rand(2, 3, generator=draw, dtype=torch.float64)
    w = torch.tensor([1.0, 3.0], dtype=torch.float64)

    def computed(loss):
        """For two batches: the scalars and the gradients."""
        found = []
        for batch in (rows, rows + 1):
            scalars = loss(model, batch, w)
            slopes = torch.autograd.grad(scalars["loss"], list(model.parameters()))
            found += [*(value.detach() for value in scalars.values()), *slopes]
        return found

    each = [
        computed(Workers(rank, count).shared(weighted, lambda x, w: w.sum()))
        for rank in range(count)
    ]
    means = [torch.stack(found).mean(0) for found in zip(*each, strict=True)]
    torch.testing.assert_close(means, computed(weighted), rtol=1e-12, atol=1e-12)


def test_rows_count_alike_unless_they_are_weighed(group):
    x = torch.tensor([[1.0], [2.0], [6.0]])

    def mean(model, x):
        return {"x": model(x).mean()}

    model = torch.nn.Linear(1, 1)
    torch.nn.init.ones_(model.weight)
    torch.nn.init.zeros_(model.bias)
    shares = [Workers(rank, 2).shared(mean)(model, x)["x"] for rank in (0, 1)]
    assert [float(share) for share in shares] == pytest.approx([2 / 3, 16 / 3])
    assert ALONE.shared(mean) is mean


@pytest.fixture
def calls(monkeypatch):
    """What is done to be in touch, which here nobody is."""
    made = []

    def note(name):
        return lambda *x, **y: made.append((name, *x, *y.values()))

    group = distributed.distributed
    monkeypatch.setattr(distributed, "_store", lambda: "store")
    monkeypatch.setattr(torch.cuda, "set_device", note("device"))
    monkeypatch.setattr(group, "init_process_group", note("join"))
    monkeypatch.setattr(group, "destroy_process_group", note("leave"))
    before = signal.getsignal(signal.SIGTERM)
    yield made
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("device", "joined"),
    [
        ("cpu", [("join", "gloo", "store", 1, 3)]),
        (
            "cuda:1",
            [("device", "cuda:1"), ("join", "cpu:gloo,cuda:nccl", "store", 1, 3)],
        ),
    ],
)
def test_processes_are_in_touch_until_they_are_done(calls, device, joined):
    before = signal.getsignal(signal.SIGTERM)
    with Workers(1, 3).joined(device):
        assert calls == joined
        with pytest.raises(TrainingError, match=f"^{LOST}$"):
            signal.raise_signal(signal.SIGTERM)
    assert calls == [*joined, ("leave",)]
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (torch.distributed.DistError("x"), LOST),
        (RuntimeError("[gloo/transport] Connection closed by peer"), LOST),
        (ValueError("mine"), "mine"),
    ],
)
def test_a_process_that_fails_lives_to_tell_why(calls, error, told):
    with (
        pytest.raises((TrainingError, ValueError)) as said,
        Workers(1, 3).joined("cpu"),
    ):
        raise error
    assert str(said.value) == told
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    assert [name for name, *_ in calls] == ["join"]


def test_one_process_needs_nobody(calls):
    with ALONE.joined("cpu"):
        assert calls == []
    assert calls == []
