"""A verdict depends neither on what was decided before nor on the process it is in."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

from lib.proof.equality import decide_equal
from lib.proof.errors import Undecidable
from tests.shared.corpora import KINDS, twins
from tests.shared.effort import sampled

ROOT = Path(__file__).resolve().parents[2]


def verdicts(seed: int) -> dict[str, list[str]]:
    """What is decided of some twins, the true and the false, in a shuffled order."""
    cases = [
        (f"{twin.name}, {truth}", twin.left, right, given)
        for kind in sampled(KINDS, 3, "order")
        for twin in sampled(twins(kind), 4, kind)
        for truth, right, given in (
            (True, twin.true, twin.given),
            (False, twin.false, twin.given),
        )
    ]
    random.Random(seed).shuffle(cases)
    found = {}
    for name, left, right, given in cases:
        try:
            verdict = decide_equal(left, right, given)
            said = [str(verdict.holds), verdict.proof, verdict.counterexample]
            said.append(str(verdict.instances))
        except Undecidable as error:
            said = ["undecided", str(error)]
        found[name] = said
    return found


def test_order_caches_and_hashes_change_no_verdict() -> None:
    """Two processes with nothing in their caches, each in an order of its own."""
    code = "import sys, json; from tests.proof.test_order import verdicts; "
    code += "print(json.dumps(verdicts(int(sys.argv[1]))))"
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(seed)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in (1, 2)
    ]
    one, other = (json.loads(run.communicate()[0]) for run in runs)
    assert len(one) == len(other) >= 24
    assert {name for name in one if one[name] != other[name]} == set()
