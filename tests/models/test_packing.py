"""Sentences packed into batches of few shapes: none is lost, and their loss stays."""

from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lib.models.packing import BUCKETS, packed
from lib.models.transformer import (
    PADDING,
    Transformer,
    TransformerConfig,
    loss,
    padded_loss,
)
from lib.models.translation import END, Example, padded

CPU = torch.device("cpu")


def some_examples(lengths: list[tuple[int, int]]) -> list[Example]:
    """Examples of these lengths, each with tokens of its own."""
    drawn = torch.Generator().manual_seed(len(lengths))
    return [
        Example(*(torch.randint(4, 50, (n,), generator=drawn).tolist() for n in pair))
        for pair in lengths
    ]


def unpadded(row: Tensor) -> tuple[int, ...]:
    return tuple(token for token in row.tolist() if token != PADDING)


LENGTHS = st.lists(
    st.tuples(st.integers(1, 30), st.integers(2, 30)), min_size=1, max_size=120
)


@settings(deadline=None, max_examples=60)
@given(LENGTHS, st.integers(20, 500), st.integers(0, 3))
def test_an_epoch_has_each_example_once_and_empty_ones(lengths, tokens, seed) -> None:
    examples = some_examples(lengths)
    found: Counter[tuple[tuple[int, ...], ...]] = Counter()
    for batch, weight in packed(examples, tokens, CPU)(
        torch.Generator().manual_seed(seed)
    ):
        for source, target in zip(batch.source, batch.target, strict=True):
            if target.any():
                found[unpadded(source), unpadded(target)] += 1
            else:
                assert unpadded(source) == (END,)
        assert int(weight) == int((batch.target[:, 1:] != PADDING).sum()) > 0
    assert found == Counter((tuple(e.source), tuple(e.target)) for e in examples)


@settings(deadline=None, max_examples=40)
@given(LENGTHS, st.integers(20, 500))
def test_batches_have_few_shapes_and_their_size(lengths, tokens) -> None:
    examples = some_examples(lengths)
    many = packed(examples, tokens, CPU)
    shapes = set()
    for batch, _ in many(torch.Generator().manual_seed(0)):
        rows, places = len(batch.source), batch.source.shape[1] + batch.target.shape[1]
        shapes.add((rows, batch.source.shape[1], batch.target.shape[1]))
        assert rows == 1 or (rows - 1) * places < tokens
    assert len(shapes) <= BUCKETS


def test_few_places_are_padding_where_lengths_are_like() -> None:
    drawn = torch.Generator().manual_seed(0)
    longer = (torch.rand(3000, generator=drawn) * 40 + 4).long().tolist()
    examples = some_examples([(n, n + n % 3) for n in longer])
    many = packed(examples, 2000, CPU)
    places = sum(b.source.numel() for b, _ in many(torch.Generator().manual_seed(0)))
    assert places < 1.15 * sum(longer)


def test_epochs_differ_and_repeat_with_the_seed() -> None:
    examples = some_examples([(5 + n % 9, 6 + n % 7) for n in range(400)])
    many = packed(examples, 200, CPU)

    def sources(seed: int) -> list[list[list[int]]]:
        batches = many(torch.Generator().manual_seed(seed))
        return [batch.source.tolist() for batch, _ in batches]

    assert sources(1) == sources(1)
    assert sources(1) != sources(2)


def test_an_epoch_takes_a_share_of_all_directions() -> None:
    examples = some_examples([(5 + n % 9, 6 + n % 7) for n in range(400)])
    quarter = packed(examples, 200, CPU, share=4)
    taken = [
        unpadded(row)
        for batch, _ in quarter(torch.Generator().manual_seed(0))
        for row, target in zip(batch.source, batch.target, strict=True)
        if target.any()
    ]
    assert 100 <= len(taken) <= 100 + BUCKETS  # rounded up in each bucket


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_padded_loss_and_its_gradients_are_those_of_real_tokens(smoothing) -> None:
    config = TransformerConfig(50, width=16, hidden=32, heads=2)
    torch.manual_seed(0)
    model = Transformer(config).double()
    rows = some_examples([(7, 5), (3, 9), (5, 2), (1, 4)])
    empty = Example([END], [PADDING])
    sources = [row.source for row in [*rows, empty]]
    targets = [row.target for row in [*rows, empty]]
    found = []
    for function in (loss, padded_loss):
        model.zero_grad()
        value = function(model, padded(sources), padded(targets), smoothing)
        value.backward()
        found.append([value.detach(), *(p.grad.clone() for p in model.parameters())])
    for plain, other in zip(*found, strict=True):
        torch.testing.assert_close(plain, other, rtol=1e-10, atol=1e-12)


def test_no_batch_is_of_empty_rows_alone() -> None:
    many = packed(some_examples([(3, 4)] * 5), 10, CPU, buckets=1)
    weights = [int(weight) for _, weight in many(torch.Generator().manual_seed(0))]
    assert sum(weights) == 5 * 3
    assert min(weights) > 0


def test_examples_are_shared_out_evenly_over_buckets_of_like_lengths() -> None:
    examples = [Example([9] * n, [4]) for n in (3, 1, 6, 5, 2, 4)]
    buckets = packed(examples, 9, CPU, buckets=3).buckets
    # Each has an empty row, too.
    assert [tuple(b.source.shape) for b in buckets] == [(3, 2), (3, 4), (3, 6)]


def test_a_buckets_rows_are_drawn_by_the_generator_alone() -> None:
    [bucket] = packed(some_examples([(3, 4)] * 50), 50, CPU, buckets=1).buckets
    once = bucket.drawn(torch.Generator().manual_seed(0))
    torch.manual_seed(1)
    again = bucket.drawn(torch.Generator().manual_seed(0))
    assert [rows.tolist() for rows in once] == [rows.tolist() for rows in again]


def test_both_sides_of_a_bucket_lie_on_its_device() -> None:
    [bucket] = packed(some_examples([(3, 4)]), 9, torch.device("meta")).buckets
    assert bucket.source.device.type == bucket.target.device.type == "meta"


def test_orders_are_drawn_by_the_generator_where_it_is_and_where_the_rows_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Which on a GPU are one place; PyTorch refuses a generator of another one."""
    places, real = [], torch.randperm
    ours = torch.Generator()

    def randperm(n: int, *, generator: torch.Generator, device: object) -> Tensor:
        assert generator is ours
        places.append(device)
        return real(n)

    monkeypatch.setattr(torch, "randperm", randperm)
    many = packed(some_examples([(3, 4)] * 5), 50, CPU, buckets=1)
    assert list(many(ours))
    assert places == [many.buckets[0].source.device, ours.device]
