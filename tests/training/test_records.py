"""Records: written whole or not at all, and read back as they were."""

import errno
import math
import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.training import records
from lib.training.records import RecordError

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(deadline=None, max_examples=25)
@given(record=st.dictionaries(st.text(), values))
def test_a_record_is_read_back_as_it_was(record, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "record.json"
    records.write(path, record)
    assert records.read(path) == record


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
    path.write_text('{"a": ')
    with pytest.raises(RecordError, match=r"r\.json is not a record"):
        records.read(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match="cannot make"):
        records.make_folder(tmp_path / "file" / "out")
    records.make_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_the_interval_covers_the_mean_95_times_in_100():
    generator = torch.Generator().manual_seed(0)
    runs = torch.randn(2000, 50, generator=generator) + 3
    intervals = [records.estimate(run)["interval"] for run in runs]
    share = sum(low <= 3 <= high for low, high in intervals) / len(runs)
    assert 0.93 < share < 0.96  # the normal interval is a little short at n = 50


def test_records_of_all_seeds_are_those_of_one_run(tmp_path):
    for name in (
        "run-seed1",
        "run-seed0",
        "run-seed0-more",
        "run-b-seed0",
        "a-run-seed0",
    ):
        records.write(tmp_path / f"{name}.json", {"name": name})
    found = [record["name"] for record in records.read_seeds(tmp_path, "run")]
    assert found == ["run-seed0", "run-seed1"]
    with pytest.raises(records.RecordError, match=r"no record other-seedN\.json"):
        records.read_seeds(tmp_path, "other")


def test_provenance_says_on_what():
    known = records.provenance(torch.device("cpu"))
    assert known["torch"] == torch.__version__
    assert known["threads"] == torch.get_num_threads()
    assert known["device"] == "cpu"
    assert all(known[key] for key in ("python", "numpy", "platform", "started"))
