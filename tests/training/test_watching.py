"""Event files: what TensorBoard reads of a run, and what a second run adds."""

import struct

import pytest

from lib.__main__ import main
from lib.training import records, watching
from lib.training.errors import TrainingError

QUICK = [
    *("run", "vae-digits", "--epochs", "2"),
    *("--set", "digits=bundled-8x8"),
    *("--set", "hidden=4"),
    *("--set", "latents=2"),
    *("--set", "nll_samples=2"),
    *("--set", "nll_images=2"),
]

needs_writer = pytest.mark.skipif(
    watching.find_spec("tensorboardX") is None, reason="tensorboardX is not installed"
)


def events(folder):
    """All events of a folder's files, in the order in which they were written."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for file in sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns):
        content = file.read_bytes()
        while content:  # length and its checksum, the event and its checksum
            (length,) = struct.unpack("<Q", content[:8])
            found.append(Event.FromString(content[12 : 12 + length]))
            content = content[16 + length :]
    return found


def scalars(folder):
    return [
        (event.step, value.tag, value.simple_value)
        for event in events(folder)
        for value in event.summary.value
    ]


@needs_writer
def test_each_value_is_kept_with_its_epoch_also_when_the_run_fails(tmp_path):
    def fails():
        with watching.event_files(tmp_path / "run", anew=True) as watch:
            watch(1, {"loss": 2.5, "test loss": 3.0})
            watch(2, {"loss": 1.5})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    found = [(1, "loss", 2.5), (1, "test_loss", 3.0), (2, "loss", 1.5)]
    assert scalars(tmp_path / "run") == found


@needs_writer
def test_values_wait_a_second_at_most_for_their_file(tmp_path, monkeypatch):
    import tensorboardX

    asked = []

    class Writer(tensorboardX.SummaryWriter):
        def __init__(self, *folder, **options):
            asked.append(options)
            super().__init__(*folder, **options)

    monkeypatch.setattr(tensorboardX, "SummaryWriter", Writer)
    with watching.event_files(tmp_path, anew=True):
        pass
    assert [options["flush_secs"] for options in asked] == [1]


@needs_writer
def test_a_name_of_several_words_is_written_without_a_remark(tmp_path, caplog):
    with (
        caplog.at_level("INFO"),
        watching.event_files(tmp_path, anew=True) as watch,
    ):
        watch(1, {"test loss": 3.0})
    assert scalars(tmp_path) == [(1, "test_loss", 3.0)]
    assert not caplog.records


@needs_writer
@pytest.mark.parametrize(("anew", "hidden"), [(True, [0]), (False, [])])
def test_a_new_run_hides_what_an_earlier_one_wrote_and_a_resumed_one_does_not(
    tmp_path, anew, hidden
):
    with watching.event_files(tmp_path, anew=False) as watch:
        watch(1, {"loss": 2.5})
    with watching.event_files(tmp_path, anew=anew) as watch:
        watch(2, {"loss": 1.5})
    assert scalars(tmp_path) == [(1, "loss", 2.5), (2, "loss", 1.5)]
    # From its step on TensorBoard forgets what came before the start of a session.
    starts = [e.step for e in events(tmp_path) if e.HasField("session_log")]
    assert starts == hidden


@needs_writer
def test_a_folder_that_cannot_be_is_one_clear_line(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(TrainingError, match=f"cannot write into {tmp_path}/file/run: "),
        watching.event_files(tmp_path / "file" / "run", anew=True),
    ):
        pass


def test_without_the_package_a_line_says_how_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(watching, "find_spec", lambda name: None)
    out, log = tmp_path / "out", tmp_path / "log"
    assert main([*QUICK, "--out", str(out), "--log", str(log)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "error: --log needs the package tensorboardX: python -m pip install "
        "tensorboardX"
    )
    assert list(tmp_path.iterdir()) == []


@needs_writer
def test_a_run_can_be_followed_and_a_finished_one_adds_nothing(tmp_path):
    log = tmp_path / "log"
    arguments = [*QUICK, "--out", str(tmp_path), "--log", str(log)]
    assert main(arguments) == main([*arguments, "--resume"]) == 0
    curves = records.read(tmp_path / "vae-digits-seed0.json")["curves"]
    found = {}
    for step, name, value in scalars(log / "vae-digits-seed0"):
        found.setdefault(name, []).append(value)
        assert step == len(found[name])
    assert found == {name: pytest.approx(curve) for name, curve in curves.items()}
    assert main([*arguments, "--overwrite"]) == 0
    both = events(log / "vae-digits-seed0")
    assert [event.step for event in both if event.HasField("session_log")] == [0, 0]
