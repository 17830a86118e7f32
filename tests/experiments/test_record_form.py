"""Records with a right digest that no run wrote: refused before any of it is used."""

import json
import random
from pathlib import Path

import pytest

from lib.__main__ import main
from lib.experiments import record_form
from lib.training import records
from lib.training.records import RecordError
from tests.shared.effort import DEEP

BOOK = Path(__file__).parents[2] / "book" / "records"
RECORDS = {
    name: records.read(BOOK / f"{name}-seed0.json")
    for name in ("vae-digits", "gan-digits", "norms-phrases")
}


@pytest.mark.parametrize("path", sorted(BOOK.glob("*.json")), ids=lambda p: p.stem)
def test_the_books_records_are_of_this_form(path):
    record_form.read(path)


def at(*place, value):
    """A change of a record at a place."""

    def change(record):
        *parents, last = place
        for key in parents:
            record = record[key]
        record[last] = value

    return change


def without(*place):
    def change(record):
        *parents, last = place
        for key in parents:
            record = record[key]
        del record[last]

    return change


NAN = float("nan")
CHANGES = {
    "it lacks curves": without("curves"),
    "it should not have more": at("more", value=1),
    "name is None, which is of another type": at("name", value=None),
    "seed is True, which is of": at("seed", value=True),
    "seed is -1": at("seed", value=-1),
    "data.sha256 is no dictionary": at("data", "sha256", value=[]),
    "provenance.torch is 2.0, which": at("provenance", "torch", value=2.0),
    "metrics is no dictionary": at("metrics", value=[1]),
    "metrics.test_nll.mean is nan": at("metrics", "test_nll", "mean", value=NAN),
    "metrics.test_nll is 'low'": at("metrics", "test_nll", "mean", value="low"),
    "test_nll.interval is [2, 1]": at("metrics", "test_nll", "interval", value=[2, 1]),
    "test_nll.interval is [1]": at("metrics", "test_nll", "interval", value=[1]),
    "metrics.profiles is no dict": at("metrics", "profiles", value=[]),
    "metrics.profiles.post is no": at("metrics", "profiles", value={"post": {}}),
    "metrics.profiles.a/1/0 is empty": at("metrics", "profiles", value={"a/1/0": {}}),
    "curves.loss is no list": at("curves", "loss", value=1.0),
    "curves.loss.0 is '1'": at("curves", "loss", value=["1"]),
    "seconds lacks training": without("seconds", "training"),
    "seconds are less than": at("seconds", "training", value=-1.0),
    "configuration: hidden is 8.5": at("configuration", "hidden", value=8.5),
    "configuration: hidden must be": at("configuration", "hidden", value=0),
    "learning_rate is '1'": at("configuration", "learning_rate", value="1"),
    "figure_epochs is no list": at("configuration", "figure_epochs", value=1),
    "figure_epochs.1 is '2'": at("configuration", "figure_epochs", value=[1, "2"]),
    "with depth, of which this version": at("configuration", "depth", value=1),
}


@pytest.mark.usefixtures("signatures_unchecked")
@pytest.mark.parametrize("said", CHANGES)
def test_what_no_run_wrote_is_refused_in_one_line(tmp_path, capsys, said):
    record = records.read(BOOK / "vae-digits-seed0.json")
    CHANGES[said](record)
    path = tmp_path / "vae-digits-seed0.json"
    sign(path, record)
    before = path.read_bytes()
    with pytest.raises(RecordError) as caught:
        record_form.read(path)
    assert said in str(caught.value)
    for command in (
        ["run", "vae-digits", "--out", str(tmp_path), "--resume"],
        ["compare", str(path), str(BOOK / "vae-digits-seed0.json")],
        ["sweep", "vae-digits", "--grid", "seed=0", "--out", str(tmp_path)],
    ):
        assert main(command) == 2
        captured = capsys.readouterr()
        (line,) = captured.err.splitlines()
        assert captured.out == ""
        assert line.startswith(f"error: {path} ")
    assert path.read_bytes() == before


def sign(path, record):
    """Write what JSON should not hold, under a right digest."""
    content = {"format": records.FORMAT} | record
    path.write_text(json.dumps({"digest": records.digest(content)} | content))


def test_a_record_under_another_runs_name_is_not_given_for_that_one(tmp_path, capsys):
    for name in ("vae-digits-seed1", "vae-mnist-seed0"):
        records.write(tmp_path / f"{name}.json", RECORDS["vae-digits"])
    for command in (["vae-digits", "--seed", "1"], ["vae-mnist"]):
        assert main(["run", *command, "--resume", "--out", str(tmp_path)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "is the record of vae-digits with seed 0: give it that name" in line


@pytest.mark.usefixtures("signatures_unchecked")
@pytest.mark.parametrize("name", RECORDS)
def test_leaves_exchanged_at_random_end_in_one_line_or_a_table(tmp_path, capsys, name):
    """Under a right digest, with a published seed: no traceback."""
    rng, path = random.Random(2), tmp_path / f"{name}-seed0.json"
    others = [None, True, -1, 10**400, "x", [], {}, [1.0], 1e300, NAN]
    for _ in range(400 if DEEP else 20):
        record = records.read(BOOK / f"{name}-seed0.json")
        entry, key = rng.choice(list(places(record)))
        entry[key] = rng.choice(others)
        sign(path, record)
        original = str(BOOK / f"{name}-seed0.json")
        assert main(["compare", str(path), original]) in (0, 1, 2)
        assert len(capsys.readouterr().err.splitlines()) <= 1
        assert main(["migrate", str(tmp_path)]) in (0, 1)
        assert len(capsys.readouterr().err.splitlines()) <= 1
        (tmp_path / f"{name}-seed0.json.old").unlink(missing_ok=True)


def places(entry):
    """Each place in a record, the few first ones of a long list."""
    parts = entry.items() if isinstance(entry, dict) else enumerate(entry[:2])
    for key, part in parts:
        yield entry, key
        if isinstance(part, dict | list):
            yield from places(part)
