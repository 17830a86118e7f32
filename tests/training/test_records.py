"""Records: written whole or not at all, and read back as they were."""

import errno
import hashlib
import json
import math
import os
import platform
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.training import records
from lib.training.records import RecordError
from tests.shared.effort import examples

BOOK = Path(__file__).parents[2] / "book" / "records"
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


names = st.text().filter(lambda name: name not in ("format", "digest"))


@settings(max_examples=examples(25))
@given(record=st.dictionaries(names, values))
def test_a_record_is_read_back_as_it_was(record, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "record.json"
    records.write(path, record)
    assert records.read(path) == record


@pytest.mark.parametrize("name", ["format", "digest"])
def test_a_record_does_not_take_the_files_own_keys(tmp_path, name):
    with pytest.raises(RecordError, match=f"the key '{name}' is the file's own"):
        records.write(tmp_path / "r.json", {name: 1, "loss": 0.25})
    assert not list(tmp_path.iterdir())


def test_a_file_says_its_format_and_a_digest_of_the_rest(tmp_path):
    path = tmp_path / "r.json"
    records.write(path, {"widths": (2, 1), "by_epoch": {10: 0.1, 9: -0.0}, "é": None})
    held = json.loads(path.read_text())
    text = rb'{"by_epoch":{"10":0.1,"9":-0.0},"format":1,"widths":[2,1],"\u00e9":null}'
    assert held.pop("digest") == hashlib.sha256(text).hexdigest()
    assert held == {
        "format": 1,
        "widths": [2, 1],
        "by_epoch": {"10": 0.1, "9": -0.0},
        "é": None,
    }
    assert records.read(path) == {k: v for k, v in held.items() if k != "format"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.25", "0.26", "was changed"),
        ("0.25", "NaN", "was changed"),
        ('"loss"', '"lost"', "was changed"),
        ('"format": 1', '"format": 2', "of format 2, and this code reads format 1"),
        ('"format": 1,', "", "of format None"),
        ('"digest"', '"digester"', "no digest"),
        ("{", "[{", "not a record"),
    ],
)
def test_a_record_that_is_not_as_it_was_written_is_refused(tmp_path, old, new, message):
    path = tmp_path / "r.json"
    records.write(path, {"loss": 0.25})
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(RecordError, match=message) as caught:
        records.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("path", sorted(BOOK.glob("*.json")), ids=lambda p: p.stem)
def test_the_books_records_are_as_they_were_written(path):
    record = records.read(path)
    files = records.run_files(BOOK, record["name"], record["seed"])
    assert path.stem.startswith(files.record.stem)


def test_a_record_with_nan_is_refused(tmp_path):
    with pytest.raises(RecordError, match=r"r\.json"):
        records.write(tmp_path / "r.json", {"loss": math.nan})
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "r.json"
    records.write(path, {"a": 1})

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RecordError, match="No space left"):
        records.write(path, {"a": 2})
    assert list(tmp_path.iterdir()) == [path]
    assert records.read(path) == {"a": 1}


def test_a_missing_or_damaged_record_is_named(tmp_path):
    path = tmp_path / "r.json"
    with pytest.raises(RecordError, match=r"r\.json"):
        records.read(path)
    for damaged in ('{"a": ', "[]"):
        path.write_text(damaged)
        with pytest.raises(RecordError, match=r"r\.json is not a record"):
            records.read(path)
    path.write_bytes(b'{"a": "\xc4"}')
    with pytest.raises(RecordError, match="no UTF-8 from byte 7 on: restore it"):
        records.read(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match="cannot make"):
        records.make_folder(tmp_path / "file" / "out")
    records.make_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_runs_at_once_do_not_meet_in_their_temporary_files(tmp_path, monkeypatch):
    """Every write is stopped before it ends until all have begun."""
    meeting, real = Barrier(8, timeout=30), os.fsync

    def fsync(descriptor):
        meeting.wait()
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(records.make_folder, [tmp_path] * 8))
        path = tmp_path / "r.json"
        list(pool.map(records.write, [path] * 8, [{"run": k} for k in range(8)]))
    assert list(tmp_path.iterdir()) == [path]
    assert records.read(path)["run"] in range(8)


def test_what_a_killed_run_left_half_written_is_of_that_run_alone(tmp_path):
    mine = tmp_path / "run-seed1.checkpoint.safetensors.0a1b2c3d.partial"
    mine.touch()
    (tmp_path / "run-seed11.checkpoint.safetensors.0a1b2c3d.partial").touch()
    files = records.run_files(tmp_path, "run", 1)
    assert records.half_written(files) == [mine]
    records.remove(mine, mine)
    assert not mine.exists()
    with pytest.raises(RecordError, match="cannot remove"):
        records.remove(tmp_path)


def test_the_interval_covers_the_mean_95_times_in_100():
    generator = torch.Generator().manual_seed(0)
    runs = torch.randn(2000, 50, generator=generator) + 3
    intervals = [records.estimate(run)["interval"] for run in runs]
    share = sum(low <= 3 <= high for low, high in intervals) / len(runs)
    assert 0.93 < share < 0.96  # the normal interval is a little short at n = 50


def test_records_of_all_seeds_are_those_of_one_run(tmp_path):
    for name, seed, more in (
        ("run", 10, ""),
        ("run", 9, ""),
        ("run", 9, "-more"),
        ("run-b", 0, ""),
        ("a-run", 0, ""),
    ):
        path = tmp_path / f"{name}-seed{seed}{more}.json"
        records.write(path, {"name": name, "seed": seed, "more": more})
    found = records.read_seeds(tmp_path, "run")
    assert [(record["seed"], record["more"]) for record in found] == [(9, ""), (10, "")]
    with pytest.raises(records.RecordError, match=r"no record other-seedN\.json"):
        records.read_seeds(tmp_path, "other")


def test_provenance_says_on_what():
    known = records.provenance(torch.device("cpu"))
    assert known["torch"] == torch.__version__
    assert known["threads"] == torch.get_num_threads()
    assert known["device"] == "cpu"
    assert all(known[key] for key in ("python", "numpy", "platform", "started"))


def processor(monkeypatch, cpuinfo: bytes | OSError) -> str:
    """The processor's name where /proc/cpuinfo says this, or is not there."""

    def read_text(path: Path, *how: str) -> str:
        assert path == Path("/proc/cpuinfo")
        if isinstance(cpuinfo, OSError):
            raise cpuinfo
        return cpuinfo.decode(*how)

    monkeypatch.setattr(Path, "read_text", read_text)
    monkeypatch.setattr("platform.processor", lambda: "arm")
    return records.provenance(torch.device("cpu"))["device_name"]


def test_a_processor_is_named_as_its_system_names_it(monkeypatch):
    named = b"\xe9 : 0\nmodel name : Abacus: 2 GHz\nmodel name : other\n"
    assert processor(monkeypatch, named) == "Abacus: 2 GHz"
    assert processor(monkeypatch, b"processor : 0\n") == "arm"
    assert processor(monkeypatch, FileNotFoundError()) == "arm"


def test_the_commit_says_whether_the_code_was_changed(monkeypatch):
    said = {"status": "", "rev-parse": "abc\n"}

    def git(command, **options):
        return subprocess.CompletedProcess(command, 0, said[command[3]], "")

    monkeypatch.setattr(subprocess, "run", git)
    assert records.provenance(torch.device("cpu"))["commit"] == "abc"
    said["status"] = " M lib/training/records.py\n"
    assert records.provenance(torch.device("cpu"))["commit"] == "abc+changes"


@pytest.mark.parametrize(
    "error",
    [FileNotFoundError("git"), subprocess.CalledProcessError(128, "git")],
    ids=["no git", "no repository"],
)
def test_without_a_repository_there_is_no_commit(monkeypatch, error):
    def git(command, **options):
        raise error

    monkeypatch.setattr(subprocess, "run", git)
    assert records.provenance(torch.device("cpu"))["commit"] is None


def test_the_commit_is_of_the_library_and_of_what_git_tracks(tmp_path, monkeypatch):
    """In a repository of git's own making, with a file beside the library."""
    module, beside = tmp_path / "lib/training/records.py", tmp_path / "README"
    module.parent.mkdir(parents=True)
    for path in (module, beside):
        path.write_text("1\n")

    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "all")
    monkeypatch.setattr(records, "__file__", str(module))
    module.with_name("new").touch()
    beside.write_text("2\n")
    at = git("rev-parse", "HEAD")
    assert records.provenance(torch.device("cpu"))["commit"] == at
    module.write_text("2\n")
    assert records.provenance(torch.device("cpu"))["commit"] == f"{at}+changes"


def test_a_folder_that_is_no_checkout_has_the_commit_that_is_named(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(records, "__file__", str(tmp_path / "lib/training/records.py"))
    (tmp_path / "lib").mkdir()
    monkeypatch.delenv("CHECKED_GRADIENTS_COMMIT", raising=False)
    assert records.provenance(torch.device("cpu"))["commit"] is None
    monkeypatch.setenv("CHECKED_GRADIENTS_COMMIT", "abc")
    assert records.provenance(torch.device("cpu"))["commit"] == "abc"


def test_a_device_of_another_kind_is_named_as_its_processor():
    known = records.provenance(torch.device("meta"))
    assert known["device_name"] == platform.processor()


def test_a_folder_that_takes_no_file_is_named(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RecordError, match=rf"^cannot write into {tmp_path}: No space"):
        records.make_folder(tmp_path)


def test_a_graphics_card_is_named_and_the_start_is_in_universal_time(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"of {device}")
    known = records.provenance(torch.device("cuda:1"))
    assert known["device_name"] == "of cuda:1"
    assert known["started"].endswith("+00:00")


def test_a_figure_is_a_picture_of_ninety_dots_an_inch(tmp_path):
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"savefig.format": "svg", "savefig.dpi": 50}):  # someone's own
        records.write_figure(tmp_path / "f.png", Figure(figsize=(2, 1)))
    content = (tmp_path / "f.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = content[16:20], content[20:24]
    assert (int.from_bytes(width), int.from_bytes(height)) == (180, 90)


def test_an_estimate_is_the_mean_with_196_standard_errors_either_way():
    found = records.estimate(torch.tensor([1.0, 3.0]))
    interval = pytest.approx([2 - 1.96, 2 + 1.96])
    assert found == {"mean": 2.0, "interval": interval, "n": 2}


def test_a_record_is_utf8_everywhere_and_has_a_line_for_each_entry(
    tmp_path, monkeypatch
):
    read = Path.read_text

    def read_text(path, encoding=None):
        return read(path, encoding or "ascii")  # as on some machines

    monkeypatch.setattr(Path, "read_text", read_text)
    records.write(tmp_path / "r.json", {"é": 1, "list": [2]})
    assert records.read(tmp_path / "r.json") == {"é": 1, "list": [2]}
    lines = (tmp_path / "r.json").read_bytes().decode().splitlines()
    assert lines[0] == "{"
    assert lines[3:] == [' "é": 1,', ' "list": [', "  2", " ]", "}"]


def test_a_single_number_is_kept_too():
    number = torch.tensor(1.5)
    assert torch.equal(records.unpacked(records.packed(number)), number)


def test_floats_are_kept_to_the_bit():
    values = torch.randn(3, 4).where(torch.eye(3, 4) == 0, torch.pi)
    kept = json.loads(json.dumps(records.packed(values)))
    assert torch.equal(records.unpacked(kept), values)


@pytest.mark.parametrize(("name", "seed"), [("run", 1), ("other", 0), ("run", "0")])
def test_a_record_under_another_ones_name_is_named(tmp_path, name, seed):
    records.write(tmp_path / "run-seed0.json", {"name": name, "seed": seed})
    message = rf"run-seed0\.json is the record of {name} with seed {seed}: give it"
    with pytest.raises(RecordError, match=message):
        records.read_seeds(tmp_path, "run")


FORGED = [
    {},
    {"shape": [2]},
    {"shape": [2], "float32": "AAAAAAAAAA"},
    {"shape": [2], "float32": "AAAAAAAAA*A="},
    {"shape": [2], "float32": 8},
    {"shape": [3], "float32": "AAAAAAAAAAA="},
    {"shape": [-1], "float32": "AAAAAAAAAAA="},
    {"shape": [-1, -2], "float32": "AAAAAAAAAAA="},
    {"shape": ["2"], "float32": "AAAAAAAAAAA="},
    {"shape": 2, "float32": "AAAAAAAAAAA="},
]


@pytest.mark.parametrize("forged", FORGED)
def test_forged_weights_are_refused(forged):
    assert records.unpacked({"shape": [2], "float32": "AAAAAAAAAAA="}).shape == (2,)
    with pytest.raises(RecordError, match="not as a record keeps them"):
        records.unpacked(forged)


def test_a_network_gets_its_own_weights_or_none():
    model, larger = torch.nn.Linear(2, 3), torch.nn.Linear(3, 3)
    kept = records.packed_weights(model)
    other = torch.nn.Linear(2, 3)
    records.load_weights(other, kept)
    assert torch.equal(other.weight, model.weight)
    before = larger.weight.clone()
    for wrong in (kept, {"weight": kept["weight"]}, kept | {"more": kept["bias"]}):
        with pytest.raises(RecordError, match=r"^the record's weights are not those"):
            records.load_weights(larger, wrong)
    assert torch.equal(larger.weight, before)
