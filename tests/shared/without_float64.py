"""A stand-in for a device without float64, as MPS is, on the processor.

What is moved to the device, made there, or computed from such tensors lies on it until
it is moved back by ``.cpu()``; a tensor in float64 cannot.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves


def on_device(tensor: Tensor) -> bool:
    return bool(getattr(tensor, "lies_on_device", False))


class WithoutFloat64(TorchFunctionMode):
    """Within it, a `torch.device` in ``device=`` and ``.to`` means the device."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0  # on tensors of the device

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        given = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        name = getattr(func, "__name__", "")
        if name == "cpu":
            found = func(*args, **kwargs)
            return found.view_as(found) if on_device(given[0]) else found
        there = any(map(on_device, given)) or any(asked_for(name, args, kwargs))
        found = func(*args, **kwargs)
        if name == "to" and found is args[0]:
            found = found.view_as(found)  # what lies elsewhere is another tensor
        if name == "__set__" and there:  # as a module's parameters are moved
            args[0].lies_on_device = True
        if there:
            self.calls += 1
            for tensor in tree_leaves(found):
                if isinstance(tensor, Tensor):
                    if tensor.dtype == torch.float64:
                        raise RuntimeError(f"{name}: the device has no float64")
                    tensor.lies_on_device = True  # type: ignore[attr-defined]
        return found


def asked_for(name: str, args: Any, kwargs: Any) -> Iterator[bool]:
    """Whether a call makes a tensor on the device."""
    yield isinstance(kwargs.get("device"), torch.device)
    yield name == "to" and any(isinstance(a, torch.device) for a in args)
