"""A sample of what `make faults` tries; and what it says of how a process ended."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools.digest import ROOT
from tools.faults import SAMPLE, Finding, table
from tools.faults.damage import flipped
from tools.faults.processes import Said
from tools.faults.verdicts import RIGHT, Verdict, refusal

SAMPLED_KINDS = {
    *(f"killed in {phase}" for phase in ("any phase", "training", "judging")),
    *(f"killed in a {phase}" for phase in ("checkpoint", "record", "picture")),
    *("killed in a download", "flipped bit of a checkpoint", "flipped bit of a record"),
    *(f"damaged {file}" for file in ("checkpoint", "record", "phrases")),
    *(f"damaged {data}" for data in ("MNIST", "Multi30k")),
    *(f"damaged {data} as it is fetched" for data in ("MNIST", "Multi30k")),
    *("wrong value", "odd value", "misspelt", "wrong option", "wrong command"),
    "combination",
}


def test_a_sample_of_all_faults_is_refused_or_does_nothing(tmp_path: Path) -> None:
    """In a process of its own: this one must not be forked, having threads."""
    to = tmp_path / "faults.json"
    done = subprocess.run(
        [sys.executable, "-m", "tools.faults", "--sample", "--to", str(to)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    kept = json.loads(to.read_text())
    assert kept["wrong"] == []
    tried = {row[0].strip("| "): row[1] for row in kept["table"][2:]}
    # All but the variables of the environment, which want fresh processes.
    assert sum(SAMPLE) - 5 < int(tried["all"]) <= sum(SAMPLE)
    assert tried.keys() >= SAMPLED_KINDS


LINE = "error: out/c is damaged: start anew with --overwrite"
SAYINGS = [
    (Said(2, "", LINE), Verdict.REFUSED),
    (Said(2, "", f"vae-digits: digits; 2 epochs\n{LINE}"), Verdict.REFUSED),
    (Said(0, "{}", ""), None),
    (Said(2, "", f"UserWarning: odd\n{LINE}"), Verdict.LINES),
    (Said(2, "", f"{LINE}\n{LINE}"), Verdict.LINES),
    (Said(2, "{}", LINE), Verdict.LINES),
    (Said(2, "", ""), Verdict.LINES),
    (Said(2, "", "error: out/d is damaged"), Verdict.MISLEADING),
    (Said(2, "", f"{LINE}, or try a smaller learning rate"), Verdict.MISLEADING),
    (Said(1, "", "Traceback (most recent call last):\nX"), Verdict.TRACEBACK),
    (Said(2, "", f"Traceback (most recent call last):\n{LINE}"), Verdict.TRACEBACK),
    (Said(1, "", LINE), Verdict.CRASH),
    (Said(-signal.SIGSEGV, "", LINE), Verdict.CRASH),
    (Said(-signal.SIGALRM, "", ""), Verdict.HUNG),
]


@pytest.mark.parametrize(("said", "verdict"), SAYINGS)
def test_how_a_process_ended_is_told_apart(said: Said, verdict: Verdict | None) -> None:
    assert refusal(said, ["out/c"]) is verdict


def test_a_bit_is_flipped_and_flipped_back() -> None:
    assert flipped(b"\0\0", 9) == b"\0\2"
    assert flipped(flipped(b"abc", 17), 17) == b"abc"


def test_the_table_counts_what_is_right_and_what_is_not() -> None:
    findings = [
        Finding("killed", "a", Verdict.SAME, ""),
        Finding("killed", "b", Verdict.SAME, ""),
        Finding("flipped", "c", Verdict.OTHER, ""),
    ]
    header, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table(findings).splitlines()
    ]
    assert header == ["fault", "tried", *RIGHT, Verdict.OTHER]
    assert rows == [
        ["killed", "2", "", "2", "", ""],
        ["flipped", "1", "", "", "", "1"],
        ["all", "3", "", "2", "", "1"],
    ]
    assert [finding.right for finding in findings] == [True, True, False]
