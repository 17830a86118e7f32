"""The cross-entropy of many tokens' logits, of which only a few rows are there at once.

Over a vocabulary of thousands the logits of a batch, and their gradients beside them,
would be the largest tensors of a training by far.
"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

CHUNK = 512  # rows of logits at once


class _Chunked(torch.autograd.Function):
    """`chunked_cross_entropy`; its gradients are taken on the way, chunk by chunk.

    To the bit what PyTorch's ``F.linear_cross_entropy`` computes; but that imports
    PyTorch's compiler, so that a training would begin two seconds later.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, labels: Tensor, trained: bool
    ) -> Tensor:
        value = x.new_zeros(())
        by_x, by_weight = x.new_empty(x.shape), torch.zeros_like(weight)
        share = x.new_ones(len(x)) / -len(x)  # of a token in the mean, less than 0
        room = x.new_empty(min(CHUNK, len(x)), len(weight))
        parts = (whole.split(CHUNK) for whole in (x, labels, share, by_x))
        for rows, wanted, part, by_rows in zip(*parts, strict=True):
            # Into what is there, and so in the logits' own type under autocast, too.
            logits = torch.mm(rows, weight.T, out=room[: len(rows)])
            logits -= logits.amax(1, keepdim=True)
            value += part.dot(logits.gather(1, wanted[:, None]).squeeze(1))
            normaliser = logits.exp_().sum(1)
            value -= part.dot(normaliser.log())
            if trained:
                scaled = logits.mul_((part / normaliser)[:, None])
                torch.mul(weight[wanted], part[:, None], out=by_rows)
                by_rows.addmm_(scaled, weight, alpha=-1)
                by_weight.addmm_(scaled.T, rows, alpha=-1)
                by_weight.index_add_(0, wanted, rows * part[:, None])
        ctx.save_for_backward(by_x, by_weight)
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        by_x, by_weight = ctx.saved_tensors
        return by_x.mul_(gradient), by_weight.mul_(gradient), None, None


def chunked_cross_entropy(
    x: Float[Tensor, "tokens width"],
    weight: Float[Tensor, "vocabulary width"],
    labels: Int[Tensor, " tokens"],
) -> Float[Tensor, ""]:
    """The mean over the tokens of -log softmax(W x)[label], in nats.

    It can be differentiated once.
    """
    value: Tensor = _Chunked.apply(x, weight, labels, torch.is_grad_enabled())
    return value
