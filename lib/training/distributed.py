"""One training by several processes, which torchrun starts: PyTorch's data parallelism.

Each process draws each whole batch and all of its noise, as a single one would, from
the same state of the generator, and computes on its share of the rows. PyTorch's
DistributedDataParallel takes the mean of the gradients over the processes; each loss
is weighted so that this is the gradient of the whole batch's mean, with whatever
shares. So any number of processes gives one result, but for rounding. What modules
draw for themselves, as dropout does, differs with the number of processes.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.distributed import PrefixStore, TCPStore  # type: ignore[attr-defined]

from . import environment
from .errors import TrainingError

# A model and a batch's tensors, row by row the same examples, to means over them.
Scalars = Callable[..., dict[str, Tensor]]
LOST = "another worker of this run ended: with --resume the run goes on"
WAIT = timedelta(seconds=5)  # for torchrun's store, to be reached


@dataclass(frozen=True)
class Workers:
    """The processes that train together, of which this is one; by default it alone."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that writes and speaks."""
        return self.rank == 0

    def rows(self, total: int) -> slice:
        """This process's share of a batch's rows: equal ones, or one more, or none."""
        start, end = (total * r // self.count for r in (self.rank, self.rank + 1))
        return slice(start, end)

    def shared(
        self,
        loss: Scalars,
        weigh: Callable[..., int | Tensor] = lambda rows, *_: len(rows),
    ) -> Scalars:
        """The loss of a whole batch, of which each process computes its share.

        ``loss(model, *tensors)`` gives means over a batch's rows, each of which counts
        as much as ``weigh(*tensors)`` says of them. What is returned takes the same,
        with the whole batch's tensors; its gradients, and its scalars once `mean` has
        been taken of them, are those of the whole batch.
        """
        return loss if self.count == 1 else _Shared(loss, weigh, self)

    def apart(self, batches: Iterable[Any]) -> Iterable[Any]:
        """The batches; what modules draw on them then differs between processes.

        Where an epoch begins by seeding PyTorch's own generator, all would otherwise
        drop the same of their rows.
        """
        for number, batch in enumerate(batches):
            if number == 0 and self.rank > 0:
                torch.manual_seed(torch.initial_seed() + self.rank)
            yield batch

    def mean(self, values: dict[str, float]) -> dict[str, float]:
        """The means of numbers over the processes, the same in each of them."""
        if self.count == 1:
            return values
        numbers = torch.tensor(list(values.values()), dtype=torch.float64)
        distributed.all_reduce(numbers)
        return dict(zip(values, (numbers / self.count).tolist(), strict=True))

    @contextmanager
    def joined(self, device: str) -> Iterator[None]:
        """Within it the processes are in touch: by NCCL on GPUs, by gloo on CPUs.

        Raises TrainingError where another one ends before its time.
        """
        if self.count == 1:
            yield
            return
        before = signal.signal(signal.SIGTERM, _stop)  # torchrun's, when one has ended
        try:
            if device != "cpu":
                torch.cuda.set_device(device)
            distributed.init_process_group(
                "gloo" if device == "cpu" else "cpu:gloo,cuda:nccl",
                store=_store(),
                rank=self.rank,
                world_size=self.count,
            )
            yield
        except BaseException as error:
            # Live on to tell why, though torchrun ends all when one has ended.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if isinstance(error, distributed.DistError) or "gloo" in str(error):
                raise TrainingError(LOST) from None
            raise
        distributed.destroy_process_group()
        signal.signal(signal.SIGTERM, before)


ALONE = Workers()


def launched() -> Workers:
    """Those that torchrun has started; this process alone without it."""
    return Workers(environment.rank(), environment.processes())


def first_to_tell() -> bool:
    """Whether no other process of this run has told yet why the run ends.

    torchrun's store, which outlives the processes, keeps count; where it cannot be
    reached, too, the answer is yes, since nothing may end without a word.
    """
    if environment.processes() == 1:
        return True
    try:
        return int(_store().add("told", 1)) == 1
    except (RuntimeError, TrainingError):
        return True


def _store() -> PrefixStore:
    """torchrun's store, which all processes read; each restart of them begins empty.

    Raises TrainingError where the environment does not say where it is.
    """
    try:
        host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
        attempt = os.environ["TORCHELASTIC_RESTART_COUNT"]
    except (KeyError, ValueError) as error:
        raise TrainingError(
            f"torchrun's variables are not as it sets them ({error}): start with "
            "torchrun, or unset TORCHELASTIC_RUN_ID"
        ) from None
    store = TCPStore(host, port, is_master=False, timeout=WAIT)
    return PrefixStore(f"attempt {attempt}", store)


def _stop(number: int, frame: FrameType | None) -> None:
    raise TrainingError(LOST)


class _Shared:
    """What `Workers.shared` returns: it wraps the model when it first meets it."""

    def __init__(
        self, loss: Scalars, weigh: Callable[..., int | Tensor], workers: Workers
    ) -> None:
        self.loss, self.weigh, self.workers = loss, weigh, workers
        self.wrapped: nn.Module | None = None

    def __call__(self, model: nn.Module, *batch: Tensor) -> dict[str, Tensor]:
        if self.wrapped is None:
            self.wrapped = nn.parallel.DistributedDataParallel(
                _Forward(model, self.loss)
            )
        rows = self.workers.rows(len(batch[0]))
        mine = [part[rows] for part in batch]
        weight = self.weigh(*mine)
        if not weight:  # the others' gradients wait for this one's: they are zeros
            mine = [part[:1] for part in batch]
        share = weight / self.weigh(*batch) * self.workers.count
        found: dict[str, Tensor] = self.wrapped(*mine)
        return {name: value * share for name, value in found.items()}


class _Forward(nn.Module):
    """A model whose forward pass gives its loss: what DistributedDataParallel wraps."""

    def __init__(self, model: nn.Module, loss: Scalars) -> None:
        super().__init__()
        self.model, self.loss = model, loss

    def forward(self, *batch: Tensor) -> dict[str, Tensor]:
        return self.loss(self.model, *batch)
