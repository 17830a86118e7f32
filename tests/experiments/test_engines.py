"""Where runs are executed: how many at once, on which device, what a death costs."""

import logging
import os
import signal
import stat
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from lib.experiments import engines
from lib.experiments.engines import Ended, Job
from lib.training.errors import TrainingError


class Code(NamedTuple):
    """A job that runs Python code in place of an experiment."""

    code: str
    log: Path

    @property
    def command(self):
        return [sys.executable, "-S", "-c", f"import os, signal, sys\n{self.code}"]


def jobs(folder, *codes):
    return [Code(code, folder / f"{i}.log") for i, code in enumerate(codes)]


KILLED = "os.kill(os.getpid(), signal.SIGKILL)"


def test_a_job_is_the_command_that_one_would_type():
    job = Job(["run", "vae-digits"], Path("a.log"))
    assert job.command == [sys.executable, "-m", "lib", "run", "vae-digits"]


def test_a_job_that_dies_takes_no_other_with_it(tmp_path):
    some = jobs(tmp_path, KILLED, "print('well')", "sys.exit('wrong')", "print('too')")
    ended = sorted(engines.run_locally(some, [None, None]))
    words = ["killed by SIGKILL", "", "ended with status 1", ""]
    assert ended == [Ended(i, how) for i, how in enumerate(words)]
    said = [job.log.read_text() for job in some]
    assert said == ["", "well\n", "wrong\n", "too\n"]


def test_no_more_run_at_once_than_there_are_places_and_each_has_its_own(
    tmp_path, monkeypatch
):
    running, most = set(), []
    real = engines.start

    class Watched:
        def __init__(self, process, place):
            self.process, self.place = process, place
            assert place not in running
            running.add(place)
            most.append(len(running))

        def poll(self):
            status = self.process.poll()
            if status is not None:
                running.discard(self.place)
            return status

    monkeypatch.setattr(engines, "start", lambda j, p: Watched(real(j, p), p))
    some = jobs(tmp_path, *["print(os.environ['CUDA_VISIBLE_DEVICES'])"] * 5)
    assert len(list(engines.run_locally(some, ["3", "GPU-ab"]))) == 5
    assert max(most) == 2
    assert {job.log.read_text().strip() for job in some} == {"3", "GPU-ab"}


WAITS = "print('here', flush=True); signal.pause()"


def test_when_no_more_is_asked_for_what_runs_is_ended_and_nothing_started(tmp_path):
    some = jobs(tmp_path, "", WAITS, "print('never')")
    ended = engines.run_locally(some, [None, None])
    assert next(ended) == Ended(0)
    process = ended.gi_frame.f_locals["running"][1][0]
    assert process.poll() is None
    ended.close()
    assert process.returncode == -signal.SIGTERM
    assert not some[2].log.exists()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_places_are_the_devices_or_the_cores_for_the_threads_of_each(monkeypatch):
    for name in ("CUDA_VISIBLE_DEVICES", "CHECKED_GRADIENTS_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(engines, "cores", lambda: 7)
    monkeypatch.setenv("CHECKED_GRADIENTS_THREADS", "2")
    assert engines.places(None, None) == [None] * 3
    assert engines.places("cpu", 5) == [None] * 5
    monkeypatch.setenv("CHECKED_GRADIENTS_THREADS", "8")
    assert engines.places(None, None) == [None]
    assert engines.places("mps", None) == engines.places("cuda:1", None) == [None]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert engines.places("cuda", None) == ["0", "1"]
    assert engines.places("cuda", 1) == ["0"]
    assert engines.places("cuda", 3) == ["0", "1", "0"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,GPU-ab")
    monkeypatch.setenv("CHECKED_GRADIENTS_DEVICE", "cuda")
    assert engines.places(None, None) == ["4", "GPU-ab"]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(TrainingError, match="no device 'cuda'"):
        engines.places(None, None)


def test_the_cores_are_those_that_the_process_may_use():
    assert 1 <= engines.cores() <= (os.cpu_count() or 1)


# ----------------------------------------------------------------------------- by Slurm


def test_without_submitit_a_line_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(TrainingError, match="pip install submitit"):
        engines.slurm_executor("run", tmp_path, None, 1)


SBATCH = """#!/bin/bash
cp "$1" "$STAND_IN/submitted"
last=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\)%.*/\\1/p' "$1")
export SLURM_ARRAY_JOB_ID=7 SLURM_JOB_NUM_NODES=1 SLURM_NTASKS=1
export SLURM_NODEID=0 SLURM_PROCID=0 SLURM_LOCALID=0
for task in $(seq 0 "$last"); do
  SLURM_JOB_ID=7$task SLURM_ARRAY_TASK_ID=$task bash "$1" > /dev/null 2>&1 &
done
echo Submitted batch job 7
"""
SRUN = """#!/bin/bash
while [[ $1 == --* ]]; do
  [[ $1 == --unbuffered ]] && shift || shift 2
done
"$@"
echo "$SLURM_ARRAY_TASK_ID" >> "$STAND_IN/ended"
"""
SACCT = """#!/bin/bash
echo 'JobID|State|NodeList'
while read -r task; do echo "7_$task|FAILED|here"; done < "$STAND_IN/ended"
"""
SCANCEL = """#!/bin/bash
echo "$@" >> "$STAND_IN/cancelled"
"""
REFUSES = """#!/bin/bash
echo 'sbatch: error: Requested time limit is invalid' >&2
exit 1
"""


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A stand-in for Slurm, which runs an array's jobs at once, on this machine."""
    pytest.importorskip("submitit", reason="submitit is not installed")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "ended").touch()
    monkeypatch.setenv("STAND_IN", str(folder))
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    paths = [entry for entry in sys.path if entry]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.setattr(engines, "SLURM_POLL", 0.1)
    commands = {"sbatch": SBATCH, "srun": SRUN, "sacct": SACCT, "scancel": SCANCEL}
    for name, code in commands.items():
        (folder / name).write_text(code)
        (folder / name).chmod(stat.S_IRWXU)
    return folder


def test_slurm_runs_an_array_in_which_one_death_is_one_jobs(
    slurm, tmp_path, monkeypatch
):
    from submitit.slurm.slurm import SlurmJob

    monkeypatch.setattr(SlurmJob.watcher, "_delay_s", 0.1)
    monkeypatch.setenv("CHECKED_GRADIENTS_THREADS", "3")
    some = jobs(tmp_path, "print('well')", KILLED)
    executor = engines.slurm_executor("vae", tmp_path / "slurm", "cuda", 1)
    ended = sorted(engines.run_by_slurm(executor, some))
    assert [number for number, _ in ended] == [0, 1]
    assert [job.log.read_text() for job in some] == ["well\n", ""]
    asked = (slurm / "submitted").read_text().splitlines()
    for line in ("job-name=vae", "array=0-1%1", "cpus-per-task=3", "gpus-per-node=1"):
        assert f"#SBATCH --{line}" in asked
    assert not (slurm / "cancelled").exists()
    assert not logging.getLogger("submitit").isEnabledFor(logging.WARNING)


def test_what_slurm_has_not_done_is_cancelled_when_no_more_is_asked_for(
    slurm, tmp_path
):
    some = jobs(tmp_path, "", "")
    executor = engines.slurm_executor("vae", tmp_path / "slurm", None, 2)
    ended = engines.run_by_slurm(executor, some)
    first = next(ended).number
    ended.close()
    cancelled = (slurm / "cancelled").read_text().split()
    assert cancelled == [f"7_{1 - first}"]


def test_what_slurm_refuses_is_one_line(slurm, tmp_path):
    (slurm / "sbatch").write_text(REFUSES)
    executor = engines.slurm_executor("vae", tmp_path / "slurm", None, 3)
    with pytest.raises(TrainingError, match=r"Slurm takes no job: .*time limit is inv"):
        list(engines.run_by_slurm(executor, jobs(tmp_path, "", "")))


def test_a_run_that_slurm_stops_is_queued_again_as_it_was(tmp_path):
    pytest.importorskip("submitit", reason="submitit is not installed")
    (job,) = jobs(tmp_path, "print('well')")
    again = engines.SlurmRun().checkpoint(job)
    again.result()
    assert job.log.read_text() == "well\n"


def test_without_slurm_it_is_one_line(tmp_path, monkeypatch):
    pytest.importorskip("submitit", reason="submitit is not installed")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TrainingError, match="there is no Slurm here"):
        engines.slurm_executor("run", tmp_path / "slurm", None, 1)
    assert not (tmp_path / "slurm").exists()
