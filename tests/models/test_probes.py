"""Probes see what autograd sees, and change nothing."""

import pytest
import torch
from torch import nn

from lib.models.config import TransformerConfig
from lib.models.gan import MLP, twin
from lib.models.probes import Probe, gradient_norm
from lib.models.transformer import Transformer, loss
from lib.models.vae import VAE, VAEConfig, elbo

SOURCE = torch.randint(1, 19, (3, 5), generator=torch.Generator().manual_seed(0))
TARGET = torch.randint(1, 19, (3, 6), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def model() -> Transformer:
    torch.manual_seed(0)
    return Transformer(
        TransformerConfig(19, 12, 20, heads=3, decoder_layers=4)
    ).double()


def test_norms_are_those_of_the_residual_stream(model: Transformer) -> None:
    with Probe(model.decoder) as probe:
        loss(model, SOURCE, TARGET).backward()
    memory = model.encode(SOURCE)
    streams = [model.embed(TARGET[:, :-1])]
    for block in model.decoder:
        streams.append(block(streams[-1], memory))
    last = model.decoder_norm(streams[-1])
    value = nn.functional.cross_entropy(
        model.logits(last).flatten(0, 1), TARGET[:, 1:].flatten()
    )
    by_each = torch.autograd.grad(value, streams)
    expected = torch.stack([gradient.norm() for gradient in by_each])
    torch.testing.assert_close(probe.gradients, expected)
    powers = torch.stack([x.detach().square().mean().sqrt() for x in streams])
    torch.testing.assert_close(probe.activations, powers)


def test_a_probe_changes_nothing_and_leaves_nothing(model: Transformer) -> None:
    def gradients() -> list[torch.Tensor]:
        model.zero_grad()
        loss(model, SOURCE, TARGET).backward()
        return [p.grad.clone() for p in model.parameters()]

    before = gradients()
    with Probe(model.encoder), Probe(model.decoder):
        within = gradients()
    assert all(torch.equal(a, b) for a, b in zip(before, within, strict=True))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_only_the_last_pass_counts(model: Transformer) -> None:
    with Probe(model.decoder) as probe:
        (3 * loss(model, SOURCE, TARGET)).backward()
        three = probe.gradients
        loss(model, SOURCE, TARGET).backward()
    torch.testing.assert_close(probe.gradients, three / 3)


def test_other_models_can_be_probed() -> None:
    torch.manual_seed(0)
    vae, x = VAE(VAEConfig(9, 6, 2)), torch.rand(4, 9)
    with Probe(vae.encoder) as probe:
        elbo(vae, x, torch.randn(4, 2)).value.sum().backward()
    assert probe.gradients[0].isnan()  # nobody differentiates by the images
    assert (probe.gradients[1:] > 0).all()
    assert probe.activations[0] == pytest.approx(float(x.square().mean().sqrt()))
    network = MLP([9, 5, 4, 1], ["relu", "relu", "identity"], torch.Generator())
    layers = twin(network)
    with Probe(layers) as probe:
        layers(x).sum().backward()
    assert probe.activations.isfinite().all()


def test_parameters_norm_is_of_all_gradients_together(model: Transformer) -> None:
    loss(model, SOURCE, TARGET).backward()
    block = model.decoder[-1]
    flat = torch.cat([p.grad.ravel() for p in block.parameters()])
    assert gradient_norm(block.parameters()) == pytest.approx(float(flat.norm()))


def test_a_probe_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a probe needs at least one block$"):
        Probe([])
