"""Pin everything that the project installs, with hashes: requirements.lock.

`python -m tools.lock` (`make lock`) pins what requirements.txt pulls in, and keeps what
is pinned already. With `--newest` (`make newest`) all pins move to the newest versions,
those in requirements.txt too, unless a comment there says why one stays; and it prints
which moved, as a Markdown table.
"""

import argparse
import re
import subprocess
import sys

from tools.digest import ROOT

REQUIREMENTS, LOCK = ROOT / "requirements.txt", ROOT / "requirements.lock"
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)", re.MULTILINE)
STAYS = "# stays: "


def normal(name: str) -> str:
    """Return a package's name as an index and a lock spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, str]:
    """Return the version of each package that a file pins, by its normal name."""
    return {normal(pin["name"]): pin["version"] for pin in PIN.finditer(text)}


def loosened(requirements: str) -> str:
    """Return the requirements without the versions of all pins that may move."""
    lines = requirements.splitlines(keepends=True)
    return "".join(x if STAYS in x else PIN.sub(r"\g<name>", x) for x in lines)


def moved_to(requirements: str, lock: str) -> str:
    """Return the requirements with the versions that a lock pins."""
    versions = pins(lock)
    return PIN.sub(
        lambda pin: f"{pin['name']}=={versions[normal(pin['name'])]}", requirements
    )


def changes(before: str, after: str) -> str:
    """Return a Markdown table of the pins in which two locks differ."""
    old, new = pins(before), pins(after)
    rows = [
        f"| {name} | {old.get(name, '')} | {new.get(name, '')} |"
        for name in sorted(old | new)
        if old.get(name) != new.get(name)
    ]
    return "\n".join(["| package | was | is |", "|---|---|---|", *rows])


def compile_lock(*options: str) -> None:
    """Write the lock, for every system and every Python from the oldest on."""
    uv = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
    files = [REQUIREMENTS.name, "--output-file", LOCK.name]
    # One version of each package for all Pythons, so that all give the same outputs.
    command = [*uv, "--python-version=3.11", "--fork-strategy=fewest"]
    command += ["--generate-hashes", "--custom-compile-command=make lock"]
    subprocess.run([*command, *options, *files], cwd=ROOT, check=True)


def newest() -> str:
    """Move the pins of both files to the newest versions; return what changed."""
    requirements, before = REQUIREMENTS.read_text("utf-8"), LOCK.read_text("utf-8")
    REQUIREMENTS.write_text(loosened(requirements), "utf-8")
    try:
        compile_lock("--upgrade")
        after = LOCK.read_text("utf-8")
        requirements = moved_to(requirements, after)
    finally:
        REQUIREMENTS.write_text(requirements, "utf-8")
    return changes(before, after)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--newest", action="store_true", help="move every pin")
    if parser.parse_args().newest:
        print(newest())
    else:
        compile_lock()
