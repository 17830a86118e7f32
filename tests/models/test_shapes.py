"""The signatures of lib/models are checked while the tests run."""

import pytest
import torch
from jaxtyping import TypeCheckError

from lib.models import vae

SMALL = vae.VAEConfig(pixels=6, hidden=5, latents=3)


def test_a_shape_that_a_signature_excludes_is_refused() -> None:
    images, noise = torch.zeros(4, 6), torch.zeros(1, 3)  # would broadcast unseen
    with pytest.raises(TypeCheckError, match="noise"):
        vae.elbo(vae.VAE(SMALL), images, noise)
