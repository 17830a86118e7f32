"""What a training takes from environment variables, and what it refuses of them."""

import re
import sys

import pytest

from lib.training import environment
from lib.training.errors import TrainingError

FOURTH_OF_EIGHT = {
    "TORCHELASTIC_RUN_ID": "none",
    "WORLD_SIZE": "8",
    "RANK": "3",
    "LOCAL_RANK": "1",
}
OURS = ("CHECKED_GRADIENTS_DEVICE", "CHECKED_GRADIENTS_THREADS")


@pytest.fixture(autouse=True)
def given(monkeypatch):
    """Sets variables; none is set before."""
    for name in (*FOURTH_OF_EIGHT, *OURS):
        monkeypatch.delenv(name, raising=False)

    def give(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return give


def refused(line):
    return pytest.raises(TrainingError, match=f"^{re.escape(line)}$")


def test_without_any_one_process_trains_on_the_processor_with_two_threads() -> None:
    assert environment.chosen_device() == "cpu"
    assert environment.threads() == 2
    found = environment.processes(), environment.rank(), environment.local_rank()
    assert found == (1, 0, 0)


def test_what_others_set_without_torchrun_says_nothing(given) -> None:
    given(WORLD_SIZE="8", RANK="3", LOCAL_RANK="x")
    found = environment.processes(), environment.rank(), environment.local_rank()
    assert found == (1, 0, 0)


def test_a_device_that_is_given_goes_before_the_environments(given) -> None:
    given(CHECKED_GRADIENTS_DEVICE="mps")
    assert environment.chosen_device() == environment.chosen_device("") == "mps"
    assert environment.chosen_device("cuda:1") == "cuda:1"


def test_one_processor_of_several_is_no_device() -> None:
    with refused("no device 'cpu:0': use cpu"):
        environment.chosen_device("cpu:0")


def test_torchrun_says_which_process_of_how_many_this_is(given) -> None:
    given(**FOURTH_OF_EIGHT)
    found = environment.processes(), environment.rank(), environment.local_rank()
    assert found == (8, 3, 1)
    assert environment.threads() == 1
    assert environment.chosen_device() == "cpu"
    assert environment.chosen_device("cuda") == "cuda:1"
    with refused(
        "several processes cannot train on 'mps': use cpu, or cuda, which gives each "
        "a GPU of its own"
    ):
        environment.chosen_device("mps")


def test_under_torchrun_one_process_has_any_device_and_two_threads(given) -> None:
    given(**FOURTH_OF_EIGHT | {"WORLD_SIZE": "1", "RANK": "0", "LOCAL_RANK": "0"})
    found = environment.processes(), environment.rank(), environment.local_rank()
    assert found == (1, 0, 0)
    assert environment.chosen_device("mps") == "mps"
    assert environment.threads() == 2


def test_what_torchrun_leaves_out_is_the_least(given) -> None:
    given(TORCHELASTIC_RUN_ID="none")
    found = environment.processes(), environment.rank(), environment.local_rank()
    assert found == (1, 0, 0)


@pytest.mark.parametrize(
    ("variable", "text", "least"),
    [("WORLD_SIZE", "0", 1), ("RANK", "-1", 0), ("LOCAL_RANK", "1\n", 0)],
)
def test_what_torchrun_never_sets_is_refused(given, variable, text, least) -> None:
    given(**FOURTH_OF_EIGHT | {variable: text})
    with refused(
        f"{variable} is {text!r}, not a whole number from {least} on: start with "
        "torchrun, or unset TORCHELASTIC_RUN_ID"
    ):
        numbers = environment.processes, environment.rank, environment.local_rank
        print([number() for number in numbers])


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("1024", 1024), ("", 2)])
def test_threads_are_as_many_as_the_variable_says(given, text, number) -> None:
    given(CHECKED_GRADIENTS_THREADS=text)
    assert environment.threads() == number


@pytest.mark.parametrize("text", ["0", "1025", "1.5", "-1", "²", "1" * 10, "all"])
def test_what_is_no_number_of_threads_is_refused(given, text) -> None:
    given(CHECKED_GRADIENTS_THREADS=text)
    with refused(
        f"CHECKED_GRADIENTS_THREADS is {text!r}, not a number of threads from 1 to 1024"
    ):
        environment.threads()


def test_what_tqdm_cannot_read_is_one_line(given, monkeypatch) -> None:
    environment.require_bars()
    for name in [name for name in sys.modules if name.partition(".")[0] == "tqdm"]:
        monkeypatch.delitem(sys.modules, name)
    given(TQDM_MININTERVAL="often")
    with refused(
        "a variable TQDM_... of the environment is not what tqdm takes (could not "
        "convert string to float: 'often'): unset it"
    ):
        environment.require_bars()
