"""Every line of the book can be typed: its text reads as the line itself."""

import pytest

from lib.proof.chain import Line
from lib.proof.names import spellings
from lib.proof.parsing import as_written, vocabulary
from lib.proof.spelling import spelled
from tests.test_book_derivations import DERIVATIONS

# Derivations with a line whose text has fewer brackets, or parts of a product: it is
# the same line, and prints otherwise.
OTHERWISE = {
    "gan/objective: the best logit",
    "transformer/residual_gradients: what LayerNorm leaves of y",
    "transformer/architecture: label smoothing",
    "vae/elbo: the gap",
    "vae/elbo: reconstruction loss",
    "vae/gaps: three parts",
    "vae/gaps: one value for all images",
    "vae/latent_variables: the grid's error against its points",
    "vae/latent_variables: the ratio r",
    "vae/latent_variables: two coordinates",
    "vae/latent_variables: the likelihood as a function of z",
    "vae/reparameterization: the score-function gradient",
}


def read_back(name: str) -> list[tuple[Line, Line]]:
    """Each line of a derivation, and what its text reads as."""
    chain = DERIVATIONS[name]
    known, names = vocabulary(chain.named), spellings(chain.named)
    pairs = []
    for line in chain.lines:
        text = spelled(line.expression, names, line.verbatim)
        pairs.append((line, Line(as_written(text, known), verbatim=True)))
    return pairs


@pytest.mark.parametrize("name", DERIVATIONS)
def test_line_reads_back_with_what_it_names(name: str) -> None:
    for line, again in read_back(name):
        assert again.expression.free_symbols == line.expression.free_symbols


def test_nearly_all_lines_print_as_before() -> None:
    pairs = [(name, *pair) for name in DERIVATIONS for pair in read_back(name)]
    other = {name for name, line, again in pairs if again.latex != line.latex}
    assert len(pairs) > 600
    assert other <= OTHERWISE
