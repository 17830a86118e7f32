"""What a run computes with: device, precision, processes, and how its steps are run.

A small network's step on a GPU waits for its hundred launches rather than for its
arithmetic. Captured as a CUDA graph (`capture`) it is one launch; compiled before, it
is fewer kernels, too, which pays where the run is longer than the compiler. The plain
loop is what both are compared with, and what runs anywhere else.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, TypeVar

import torch
from torch import nn

from .distributed import ALONE, Workers, launched
from .environment import chosen_device, threads
from .errors import TrainingError

Precision = Literal["float32", "tf32", "bf16"]
Capture = Literal["off", "graph", "compile"]
F = TypeVar("F", bound=Callable[..., Any])


def prepare(seed: int, device: str | None = None) -> torch.Generator:
    """Make what follows reproducible; the generator for its noise, on the device.

    Seeds PyTorch (for the weights' first values), sets the number of threads and
    flushes subnormal numbers to zero: late in training they would slow the CPU down.
    Call it before any other work on tensors: PyTorch's threads flush only if this was
    set when they started.
    The number of threads, and the device unless it is given, are those that the
    environment variables CHECKED_GRADIENTS_THREADS (default: 2) and
    CHECKED_GRADIENTS_DEVICE (default: cpu) name. Raises TrainingError for a device
    that is not there.
    """
    device = chosen_device(device)
    torch.set_num_threads(threads())
    torch.set_flush_denormal(True)
    torch.manual_seed(seed)
    try:
        generator = torch.Generator(device=device)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError):
        raise TrainingError(
            f"no device {device!r} on this machine: use cpu, cuda or mps, "
            "whichever PyTorch finds here"
        ) from None
    return generator.manual_seed(seed)


@dataclass(frozen=True)
class Engine:
    """The device (by default the environment's), the precision, how steps are run.

    In ``"tf32"`` the products' factors are rounded to 10 bits of mantissa; in
    ``"bf16"`` products are of numbers with 7, by autocast, and weights stay 32 bits.
    ``workers`` are the processes that share each step.
    """

    device: str | None = None
    precision: Precision = "float32"
    capture: Capture = "off"
    workers: Workers = ALONE

    def prepare(self, seed: int) -> torch.Generator:
        """`prepare` for the device, with products in the precision."""
        generator = prepare(seed, self.device)
        if generator.device.type == "cuda":
            high = self.precision == "tf32"
            torch.set_float32_matmul_precision("high" if high else "highest")
        return generator

    @property
    def about(self) -> dict[str, str]:
        """What a record says of it, beside the device."""
        about = {"precision": self.precision, "capture": self.capture}
        several = self.workers.count > 1
        return about | ({"processes": str(self.workers.count)} if several else {})

    @property
    def identity(self) -> dict[str, str]:
        """What of it a run may not change on its way: the precision, if not usual."""
        return {} if self.precision == "float32" else {"precision": self.precision}

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which a loss is computed."""
        if self.precision != "bf16":
            return nullcontext()
        return torch.autocast("cuda", torch.bfloat16)

    def compiled(self, function: F, dynamic: bool | None = None) -> F:
        """The function, by PyTorch's compiler if this engine compiles.

        With ``dynamic`` one code is for all sizes of its tensors.
        """
        if self.capture != "compile":
            return function
        return torch.compile(function, dynamic=dynamic)  # type: ignore[return-value]

    def uncompiled(self) -> AbstractContextManager[object]:
        """A context for other uses of what was compiled, for which no code is made."""
        if self.capture != "compile":
            return nullcontext()
        stance: AbstractContextManager[object]
        stance = torch.compiler.set_stance("force_eager")
        return stance

    def compile_blocks(self, *blocks: nn.Module) -> None:
        """Compile modules in place, if this engine compiles: one code for all sizes.

        Blocks of one class share it, so that a deep network compiles as fast as one
        block of each class.
        """
        if self.capture == "compile":
            for block in blocks:
                block.compile(dynamic=True)


PLAIN = Engine()  # what the environment names, step by step


def decide(
    device: str | None,
    precision: Precision,
    capture: Capture | Literal["auto"],
    captures: tuple[Capture, ...],
    precisions: tuple[Precision, ...],
    say: Callable[[str], object],
) -> Engine:
    """The engine for a run, whose steps a CUDA GPU can run in these ways.

    The first of the run's ``captures`` is what ``"auto"`` means; without any its steps
    are run one by one; so are those that several processes share. What is asked for
    and cannot be had, on the device or with this run, is replaced by what can, and
    ``say`` is told. Raises TrainingError where the device is not there.
    """
    workers = launched()
    place = prepare(0, device).device
    if place.type != "cuda":
        if precision != "float32":
            say(f"{precision} is for CUDA GPUs: float32 on {place.type}")
        if capture in ("graph", "compile"):
            say(f"only a CUDA GPU captures steps: one by one on {place.type}")
        return Engine(device, workers=workers)
    if precision != "float32" and torch.cuda.get_device_capability(place) < (8, 0):
        say(f"{torch.cuda.get_device_name(place)} has no {precision}: float32")
        precision = "float32"
    if precision not in precisions:
        say(f"this run has no {precision}, only {', '.join(precisions)}: float32")
        precision = "float32"
    if workers.count > 1 and capture != "off" and captures:
        say(f"{workers.count} processes share each step: one by one, not captured")
        capture = "off"
    best = captures[0] if captures else "off"
    wanted = best if capture == "auto" else capture
    if wanted not in ("off", *captures):
        say(f"this run's steps cannot be run by {wanted}: {best}")
        wanted = best
    if wanted == "compile" and find_spec("triton") is None:
        say("Triton is not installed: the steps are captured without being compiled")
        wanted = "graph"
    return Engine(device, precision, wanted, workers)
