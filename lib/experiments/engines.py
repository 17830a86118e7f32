"""Where the runs of a sweep are executed: on this machine, or by Slurm.

Either way a run is a process of its own, ``python -m lib run ...``, so one that dies
takes no other with it, and its command can be repeated by hand. What it says goes into
a log beside its record.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Generator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lib.training.environment import chosen_device, threads
from lib.training.errors import TrainingError

if TYPE_CHECKING:
    from submitit import SlurmExecutor
    from submitit.core.utils import DelayedSubmission

POLL = 0.05  # seconds between two looks at the processes
SLURM_POLL = 5.0
DAY = 24 * 60  # minutes; SBATCH_TIMELIMIT says otherwise
REQUEUED = 100  # times that Slurm may stop a run before its end


class Job(NamedTuple):
    """The arguments of ``python -m lib``, and where to write what the run says."""

    arguments: list[str]
    log: Path

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "lib", *self.arguments]


class Ended(NamedTuple):
    """The job's place in the list, and in words how it ended unless it did well."""

    number: int
    how: str = ""


# ---------------------------------------------------------------------- on this machine


def places(device: str | None, jobs: int | None) -> list[str | None]:
    """A place for each run at a time: the CUDA device that it sees; None for all.

    Without ``jobs`` there are as many as CUDA devices, or as the processor has cores
    for the threads of one run. Raises TrainingError where there is no such device.
    """
    found: list[str | None] = [None]
    device = chosen_device(device)
    if device == "cuda":
        import torch

        count = torch.cuda.device_count()
        if not count:
            raise TrainingError("no device 'cuda' on this machine")
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        found = [*(visible.split(",")[:count] if visible else map(str, range(count)))]
    elif device == "cpu":
        found *= max(1, cores() // threads())
    return list(islice(cycle(found), jobs or len(found)))


def cores() -> int:
    """How many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_locally(
    jobs: Sequence[Job], free: list[str | None]
) -> Generator[Ended, None, None]:
    """Run as many at once as there are places; each as it ends.

    When the caller stops asking, as by Ctrl-C, those that run are ended, too; so they
    are by SIGTERM, which is a KeyboardInterrupt here.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    waiting = deque(enumerate(jobs))
    running: dict[int, tuple[subprocess.Popen[bytes], str | None]] = {}
    try:
        while waiting or running:
            while waiting and free:
                index, job = waiting.popleft()
                place = free.pop()
                running[index] = start(job, place), place
            for index, (process, place) in list(running.items()):
                if (status := process.poll()) is not None:
                    del running[index]
                    free.append(place)
                    yield Ended(index, in_words(status))
            time.sleep(POLL)
    finally:
        for process, _ in running.values():
            process.terminate()
        for process, _ in running.values():
            process.wait()
        signal.signal(signal.SIGTERM, before)


def start(job: Job, place: str | None) -> subprocess.Popen[bytes]:
    """Start a run, its output into its log; of the CUDA devices it sees its place."""
    environment = {} if place is None else {"CUDA_VISIBLE_DEVICES": place}
    with job.log.open("wb") as log:
        return subprocess.Popen(
            job.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | environment,
        )


def in_words(status: int) -> str:
    """How a process ended with this status; nothing if it did well."""
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"ended with status {status}" if status else ""


# ----------------------------------------------------------------------------- by Slurm


class SlurmRun:
    """A run inside of a job of Slurm's.

    Preempted or out of time it is queued again, and goes on from its checkpoint.
    """

    def __call__(self, job: Job) -> None:
        with job.log.open("wb") as log:
            subprocess.run(job.command, stdout=log, stderr=log, check=True)

    def checkpoint(self, job: Job) -> "DelayedSubmission":
        from submitit.core.utils import DelayedSubmission

        return DelayedSubmission(self, job)


def slurm_executor(
    name: str, folder: Path, device: str | None, at_once: int
) -> "SlurmExecutor":
    """What submits jobs of this name to Slurm, so many at once.

    submitit keeps its files in ``folder``, which all machines must see: it pickles
    there for itself what it calls, and nothing else reads it. Raises TrainingError
    where there is no submitit or no Slurm.
    """
    try:
        from submitit import SlurmExecutor
    except ImportError:
        raise TrainingError(
            "--cluster slurm needs the package submitit: python -m pip install submitit"
        ) from None
    # It would say on standard output, which is the table's, that there is no sacct.
    logging.getLogger("submitit").setLevel(logging.ERROR)
    try:
        executor = SlurmExecutor(folder, max_num_timeout=REQUEUED)
    except RuntimeError:
        raise TrainingError(
            "there is no Slurm here: srun is not found: leave out --cluster"
        ) from None
    gpu = {"gpus_per_node": 1} if chosen_device(device).startswith("cuda") else {}
    executor.update_parameters(
        job_name=name,
        time=DAY,
        cpus_per_task=threads(),
        array_parallelism=at_once,
        **gpu,
    )
    return executor


def run_by_slurm(
    executor: "SlurmExecutor", jobs: Sequence[Job]
) -> Generator[Ended, None, None]:
    """Submit all as one array of Slurm's; each as it ends.

    When the caller stops asking, what is not done is cancelled. Raises TrainingError
    where Slurm takes no job.
    """
    from submitit.core.utils import FailedJobError, FailedSubmissionError
    from submitit.helpers import as_completed

    try:
        submitted = executor.map_array(SlurmRun(), jobs)
    except (FailedJobError, FailedSubmissionError) as error:
        said = str(error).strip().splitlines()[-1]
        raise TrainingError(f"Slurm takes no job: {said}") from None
    left = {job.job_id: index for index, job in enumerate(submitted)}
    try:
        for job in as_completed(submitted, poll_frequency=SLURM_POLL):
            yield Ended(left.pop(job.job_id), f"Slurm says {job.state}")
    finally:
        for index in left.values():
            submitted[index].cancel(check=False)
