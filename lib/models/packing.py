"""Examples packed once into batches of few shapes, which stay on the device.

What PyTorch's plain loop takes in any shape, a CUDA graph takes in one: so sentences of
like lengths are filled up to the same one, and a batch's empty places with an example
that predicts nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from .domains import require_count
from .transformer import PADDING
from .translation import END, Batch, Example, padded, seed_dropout

BUCKETS = 12  # shapes: a fifth of the target's places is padding on Multi30k


class Bucket:
    """Examples of like lengths, and how many of them make a batch.

    The last row of ``source`` and ``target`` is the empty example.
    """

    def __init__(
        self, examples: Sequence[Example], share: int, tokens: int, device: torch.device
    ) -> None:
        empty = Example([END], [PADDING])
        rows = [*examples, empty]
        self.source = padded([row.source for row in rows]).to(device)
        self.target = padded([row.target for row in rows]).to(device)
        self.taken = -(-len(examples) // share)  # of its examples, in an epoch
        places = self.taken * (self.source.shape[1] + self.target.shape[1])
        self.rows = -(-self.taken // -(-places // tokens))
        self.batches = -(-self.taken // self.rows)  # none of empty rows alone

    def drawn(self, generator: torch.Generator) -> list[Int[Tensor, " rows"]]:
        """The rows of each of an epoch's batches, drawn anew."""
        empty = len(self.source) - 1
        order = self.source.new_full((self.batches * self.rows,), empty)
        order[: self.taken] = torch.randperm(
            empty, generator=generator, device=order.device
        )[: self.taken]
        return list(order.split(self.rows))


@dataclass(frozen=True)
class Packed:
    """An epoch's batches, each of one of a few shapes, in a new order in each epoch.

    Called with a generator, it gives the batches, each with the number of tokens that
    it predicts, as a tensor; as `capture.Blocks`, one batch is one block.
    """

    buckets: list[Bucket]

    def __call__(self, generator: torch.Generator) -> Iterator[tuple[Batch, Tensor]]:
        for block in self.blocks(generator):
            yield from self.cut(block, generator)

    def blocks(self, generator: torch.Generator) -> Iterator[Batch]:
        """The batches, of all buckets in one new order."""
        seed_dropout(generator)
        drawn = [(b, rows) for b in self.buckets for rows in b.drawn(generator)]
        order = torch.randperm(len(drawn), generator=generator, device=generator.device)
        for bucket, rows in (drawn[i] for i in order.tolist()):
            yield Batch(bucket.source[rows], bucket.target[rows])

    def cut(
        self, block: tuple[Tensor, ...], generator: torch.Generator
    ) -> Iterator[tuple[Batch, Tensor]]:
        """The block's one batch, and how many tokens it predicts."""
        batch = Batch(*block)
        yield batch, batch.predicted


def packed(
    examples: Sequence[Example],
    tokens: int,
    device: torch.device,
    share: int = 1,
    buckets: int = BUCKETS,
) -> Packed:
    """Examples in buckets by their longer side, each with as many target tokens.

    A batch has at most ``tokens`` places of source and target together, or a few more;
    an epoch takes one in ``share`` of each bucket's examples. Raises ValueError for no
    examples.
    """
    require_count(**{"the number of examples": len(examples), "tokens": tokens})
    require_count(share=share, buckets=buckets)
    order = sorted(
        examples, key=lambda e: (max(map(len, e)), len(e.source), len(e.target))
    )
    total = sum(len(example.target) for example in order)
    groups: list[list[Example]] = [[] for _ in range(buckets)]
    seen = 0
    for example in order:
        groups[seen * buckets // total].append(example)
        seen += len(example.target)
    return Packed([Bucket(g, share, tokens, device) for g in groups if g])
