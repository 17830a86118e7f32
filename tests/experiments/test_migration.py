"""Earlier versions' records: brought along whole, never over anything, or left."""

import json
import pickle
import re
import shutil
from pathlib import Path

import pytest

from lib.__main__ import main
from lib.experiments import migration
from lib.training import locks, records

# What the version of 25 November 2026 wrote: no seed in its name, no format, no digest,
# and no penalty, since there was none.
EARLIER = Path(__file__).with_name("earlier") / "gan-digits.json"
RUN = [
    *("run", "gan-digits", "--set", "epochs=1", "--set", "generator_widths=8"),
    *("--set", "samples=40", "--set", "figure_epochs=1"),
]


@pytest.fixture
def folder(tmp_path):
    shutil.copy(EARLIER, tmp_path)
    (tmp_path / "gan-digits-samples.png").write_bytes(b"a picture")
    return tmp_path


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def migrated(folder, capsys):
    """The exit status, what was brought along and what was left, by line."""
    status = main(["migrate", str(folder)])
    captured = capsys.readouterr()
    return status, captured.out.splitlines(), captured.err.splitlines()


def test_an_earlier_record_is_what_this_version_would_have_written(folder, capsys):
    status, brought, left = migrated(folder, capsys)
    assert (status, len(brought), left) == (0, 2, [])
    earlier = json.loads(EARLIER.read_text())
    record = records.read(folder / "gan-digits-seed0.json")
    assert record["configuration"].pop("penalty") == 0.0
    assert record == earlier
    names = {
        *("gan-digits-seed0.json", "gan-digits.json.old"),
        "gan-digits-seed0-samples.png",
    }
    assert contents(folder).keys() == names
    assert (folder / "gan-digits.json.old").read_bytes() == EARLIER.read_bytes()
    assert (folder / "gan-digits-seed0-samples.png").read_bytes() == b"a picture"
    assert migrated(folder, capsys) == (0, [], [])
    # It is a finished run now, which is not run again.
    assert main([*RUN, "--out", str(folder), "--resume"]) == 0
    assert (
        json.loads(capsys.readouterr().out)["coverage"]
        == (earlier["metrics"]["coverage"])
    )
    assert contents(folder).keys() == names


def test_a_record_that_lacks_a_later_field_gets_its_default(tmp_path, capsys):
    earlier = json.loads(EARLIER.read_text())
    path = tmp_path / "below" / "gan-digits-seed0.json"
    path.parent.mkdir()
    records.write(path, earlier)
    before = path.read_bytes()
    status, brought, left = migrated(tmp_path, capsys)
    assert (status, len(brought), left) == (0, 1, [])
    assert records.read(path)["configuration"]["penalty"] == 0.0
    assert path.with_name(f"{path.name}.old").read_bytes() == before
    assert migrated(tmp_path, capsys) == (0, [], [])


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_migration_that_was_stopped_is_taken_up(folder, capsys, monkeypatch, writes):
    """Stopped before a write, or after the last one."""
    real, count = records.write_atomically, iter(range(9))

    def write(path, content):
        if next(count) == writes:
            raise KeyboardInterrupt
        real(path, content)

    monkeypatch.setattr(records, "write_atomically", write)
    monkeypatch.setattr(records, "remove", lambda *paths: None)  # nor got so far
    main(["migrate", str(folder)])
    assert (folder / "gan-digits.json").exists()
    monkeypatch.undo()
    capsys.readouterr()
    assert migrated(folder, capsys)[::2] == (0, [])
    assert len(contents(folder)) == 3
    assert records.read(folder / "gan-digits-seed0.json")["seed"] == 0


def there(name):
    return lambda folder: (folder / name).write_bytes(b"mine")


def another_record(folder):
    record = json.loads(EARLIER.read_text()) | {"curves": {}}
    record["configuration"]["penalty"] = 0.0
    records.write(folder / "gan-digits-seed0.json", record)


def changed(**entries):
    def change(folder):
        path = folder / "gan-digits.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | entries))

    return change


def renamed(name):
    return lambda folder: (folder / "gan-digits.json").rename(folder / name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (renamed("gan-digits-seed01.json"), "gan-digits with seed 0: rename it"),
        (another_record, r"gan-digits-seed0\.json is there already: rename it"),
        (there("gan-digits.json.old"), r"gan-digits\.json\.old is there already"),
        (there("gan-digits-seed0-samples.png"), r"samples\.png is there already"),
        (changed(format=2, digest=""), "of format 2, and this code reads format 1"),
        (changed(format=1, digest=""), "was changed: its digest"),
        (changed(format=1), "has no digest"),
        (changed(seed="0"), "no record of a run: seed is '0', which is of another"),
        (changed(name="gan-digits2"), "gan-digits2 with seed 0: rename it"),
        (changed(configuration={"depth": 1}), "with depth, of which this version"),
        (there("gan-digits.json"), "is not a record: Expecting value"),
    ],
)
def test_what_cannot_be_brought_along_is_said_and_left(folder, capsys, change, said):
    change(folder)
    before = contents(folder)
    status, brought, left = migrated(folder, capsys)
    assert (status, brought) == (1, [])
    assert any(re.search(said, line) for line in left)
    assert all(line.startswith("left: ") for line in left)
    after = contents(folder)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() <= {"gan-digits.json.old"}


class Hostile:
    def __reduce__(self):
        return pytest.fail, ("it was unpickled",)


def test_pickles_and_pictures_without_a_record_are_named(tmp_path, capsys):
    (tmp_path / "vae-digits-seed0.checkpoint.pt").write_bytes(pickle.dumps(Hostile()))
    (tmp_path / "vae-digits-samples.png").touch()
    (tmp_path / "speeds.json").write_text('{"speed": 1}')
    before = contents(tmp_path)
    status, brought, left = migrated(tmp_path, capsys)
    assert (status, brought, len(left)) == (1, [], 2)
    assert "of a run without a record" in left[0]
    assert "checkpoint.pt was pickled by an earlier version, and is not op" in left[1]
    assert contents(tmp_path) == before


def test_a_run_that_is_worked_on_is_left(folder, capsys):
    files = records.run_files(folder, "gan-digits", 0)
    with locks.held(files):
        status, _, (line,) = migrated(folder, capsys)
    assert (status, "another process is at work on" in line) == (1, True)
    assert not files.record.exists()


def test_a_folder_that_is_not_there_is_named(tmp_path, capsys):
    status, _, (line,) = migrated(tmp_path / "none", capsys)
    assert status == 2
    assert line.startswith(f"error: no folder {tmp_path / 'none'}: ")


def test_the_books_records_can_be_brought_along(tmp_path):
    book = Path(__file__).parents[2] / "book" / "records"
    for path in book.glob("*.json"):
        shutil.copy(path, tmp_path)
    assert all(found.done for found in migration.migrate(tmp_path))
    assert list(migration.migrate(tmp_path)) == []
