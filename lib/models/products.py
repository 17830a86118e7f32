"""Matrix products without gradients, by the quicker of two libraries."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear
from torch.overrides import TorchFunctionMode

LEAST_PRODUCT = 2**24  # multiplications; for fewer the way there takes longer


class QuickProducts(TorchFunctionMode):
    """A context in which oneDNN computes linear layers that need no gradient.

    On a CPU PyTorch leaves products of float32 to MKL, which took twice as long as
    oneDNN on a processor of AMD's; on others it was not measured. PyTorch has both.
    They differ in rounding only. Small products, other types and devices stay.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is linear and not kwargs and _is_quicker(*args):
            x, *parameters = args
            return linear(x.to_mkldnn(), *parameters).to_dense()
        return func(*args, **(kwargs or {}))


def _is_quicker(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> bool:
    return (
        x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and not torch.is_grad_enabled()
        and x.numel() * len(weight) >= LEAST_PRODUCT
        and torch.backends.mkldnn.is_available()
    )
