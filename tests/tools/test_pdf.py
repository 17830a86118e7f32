"""In the printed book links lead within it, and the contents name pages."""

import pytest

from tools import pdf


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("#equation-eq-elbo", "#book/vae/elbo--equation-eq-elbo"),
        ("gaussian_kl.html", "#book/vae/gaussian_kl"),
        ("../glossary.html#term-ELBO", "#book/glossary--term-ELBO"),
        ("https://arxiv.org/abs/1312.6114", "https://arxiv.org/abs/1312.6114"),
        ("../../_images/a.png", "#book/vae/elbo"),
    ],
)
def test_links_lead_within_the_whole(address: str, expected: str) -> None:
    assert pdf.within("book/vae/elbo", address) == expected


def test_contents_name_the_pages_once_they_are_known() -> None:
    entries = [("", "A part"), ("book/a", "1. A chapter")]
    assert "<span></span>" in pdf.contents(entries, {})
    known = pdf.contents(entries, {"book/a": 17})
    assert '<a href="#book/a">1. A chapter</a> <span>17</span>' in known
    assert '<p class="part">A part</p>' in known
