"""The browser in which the built pages are tested: where it is, and how to get it.

`python -m tools.browser` (`make browser`) installs Chromium by the system's package
manager, unless there is a browser already.
"""

import argparse
import os
import shutil
import subprocess
import sys

# Names on the path, and where macOS keeps its applications. The shell without windows
# comes first: the tests of the pages take a quarter less time in it.
PLACES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# By package manager, the commands that install a browser.
INSTALL = {
    "apt-get": (
        "apt-get update -qq",
        "env DEBIAN_FRONTEND=noninteractive"
        " apt-get install -y -qq --no-install-recommends chromium-headless-shell",
    ),
    "dnf": ("dnf install -y -q chromium",),
    "pacman": ("pacman -S --noconfirm --needed chromium",),
    "brew": ("brew install --cask google-chrome",),
}
MISSING = "No Chromium or Chrome, so no page was opened: `make browser` installs one."


def find() -> str | None:
    """Return the path of a Chromium or Chrome of this system, if it has one."""
    return next(filter(None, map(shutil.which, PLACES)), None)


def commands() -> list[list[str]]:
    """Return the commands that install a browser here, as root where that is needed.

    Raises:
        SystemExit: there is no package manager that this module knows.
    """
    manager = next(filter(shutil.which, INSTALL), None)
    if manager is None:
        known = ", ".join(INSTALL)
        sys.exit(f"None of {known} is here: install Chromium or Chrome by hand.")
    as_root = ["sudo"] if manager != "brew" and os.geteuid() != 0 else []
    return [as_root + command.split() for command in INSTALL[manager]]


def install() -> None:
    """Install a browser, unless there is one.

    Raises:
        SystemExit: there is no package manager that this module knows, or it failed.
    """
    for command in [] if find() else commands():
        print(*command, flush=True)
        if shutil.which(command[0]) is None or subprocess.run(command).returncode:
            sys.exit("That failed: install Chromium or Chrome by hand.")
    print("The browser:", find())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--missing", action="store_true", help="only say if none is here"
    )
    if not parser.parse_args().missing:
        install()
    elif find() is None:
        print(MISSING)
