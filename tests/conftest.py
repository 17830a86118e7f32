"""What all tests stand on: a browser, numbers as they were, and how much is tried."""

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings
from jaxtyping import config, install_import_hook
from playwright.sync_api import Browser, sync_playwright

from tests.shared.effort import DEEP, examples
from tools import browser as installed

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
)

# No deadline: a test must not fail because the machine is busy. Nor because of what it
# happens to draw: `make deep` alone draws anew each time.
settings.register_profile(
    "checked gradients",
    max_examples=examples(100),
    deadline=None,
    derandomize=not DEEP,
)
settings.load_profile("checked gradients")

# From here on a call into lib/models whose shapes differ from its signature fails.
install_import_hook(
    "lib.models",
    "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium of the system; without one the test is skipped, but not in CI."""
    path = installed.find()
    if path is None:
        missing = installed.MISSING
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def signatures_unchecked() -> Iterator[None]:
    """Call lib/models as its readers do, who see the errors that it raises itself."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


@pytest.fixture(autouse=True)
def subnormal_numbers() -> None:
    """Undo what training sets for its whole process: hypothesis needs them."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)
