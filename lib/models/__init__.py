"""What is computed? A module for each model, with its losses and gradients (PyTorch).

gaussian     closed forms on Gaussians; the linear model whose posterior is known
vae          the autoencoder, its bounds and its likelihood
linear_vae   the one with linear maps, whose optimum is known
gan          generator and discriminator, their backward pass written out
transformer  encoder and decoder, with a choice of where LayerNorm stands
transformer_gradients  its backward pass written out, against autograd's
translation  tokens, tags, batches of like lengths, beam search, scores
probes       norms of activations and gradients, block by block, by hooks
"""

__all__ = [
    "gan",
    "gaussian",
    "linear_vae",
    "probes",
    "transformer",
    "transformer_gradients",
    "translation",
    "vae",
]
