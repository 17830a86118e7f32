"""What all tests stand on: a browser, numbers as they were, and how much is tried."""

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from tests.shared.effort import examples
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

settings.register_profile("checked gradients", max_examples=examples(100))
settings.load_profile("checked gradients")


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


@pytest.fixture(autouse=True)
def subnormal_numbers() -> None:
    """Undo what training sets for its whole process: hypothesis needs them."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)
