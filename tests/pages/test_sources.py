"""Source that a page prints: highlighted, dedented, without roles."""

import pytest

from lib.models import vae
from lib.models.gan import MLP
from lib.pages.sources import as_code


def test_code_is_fenced_and_dedented() -> None:
    shown = as_code(MLP.forward, vae.log_bernoulli).data
    lines = shown.splitlines()
    assert lines[0] == "```python"
    assert lines[1] == "def forward("
    assert lines[-1] == "```"
    assert shown.count("\n\ndef log_bernoulli(") == 1


def test_roles_become_labels_with_links_below() -> None:
    shown = as_code(vae.elbo).data
    assert "{eq}" not in shown
    assert "by one z: eq-elbo.\n" in shown
    assert shown.endswith("`eq-elbo`: [eq-elbo](#eq-elbo).")


def test_what_has_no_source_is_refused() -> None:
    with pytest.raises(TypeError, match="module, class, method, function"):
        as_code(len)
