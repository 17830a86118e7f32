"""A release: one version everywhere, no address lost, and the pages in one archive.

`make release` checks that pyproject.toml, CITATION.cff, CHANGELOG.md and the pages'
footers say the same version and date, and that every address of the last release still
leads somewhere; then it packs the pages and enters their addresses into released.txt.
"""

import datetime
import re
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import NamedTuple

import yaml

from tools import finished
from tools.digest import ROOT

BUILT = ROOT / "_build" / "html"
RELEASED = ROOT / "book" / "released.txt"
# What others link to: equations, figures, exercises, terms, claims.
PLACE = re.compile(r"^(?:equation|fig|ex|term|claim)-")
SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"(\S+) - (\d{4}-\d\d-\d\d)")


class Edition(NamedTuple):
    """The last version that was released, and whether the book has changed since."""

    version: str
    date: datetime.date
    changed: bool

    @property
    def said(self) -> str:
        """The edition in words, as the footer has it."""
        date = f"{self.date.day} {self.date:%B %Y}"
        if self.changed:
            return f"Work in progress after version {self.version} of {date}"
        return f"Version {self.version} of {date}"


def edition(folder: Path = ROOT) -> Edition:
    """Read the edition off pyproject.toml and CHANGELOG.md.

    Raises:
        ValueError: the changelog has no section for the version of pyproject.toml.
    """
    version = project_version(folder)
    sections = SECTION.findall((folder / "CHANGELOG.md").read_text("utf-8"))
    changed = any("Unreleased" in head and body.strip() for head, body in sections)
    for head, _ in sections:
        found = HEADING.fullmatch(head)
        if found and found[1] == version:
            return Edition(version, datetime.date.fromisoformat(found[2]), changed)
    raise ValueError(
        f"pyproject.toml has version {version}, and CHANGELOG.md no section"
        f" '## {version} - YYYY-MM-DD': write it, or correct the version"
    )


def project_version(folder: Path = ROOT) -> str:
    text = (folder / "pyproject.toml").read_text("utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def addresses(site: Path) -> set[str]:
    """The pages below a folder, and the places on them that others link to."""
    found = set()
    for path in site.rglob("*.html"):
        page = path.relative_to(site).as_posix()
        places = filter(PLACE.match, finished.named(path))
        found |= {page, *(f"{page}#{name}" for name in places)}
    return found


def released() -> set[str]:
    """The addresses of the releases until now."""
    return set(RELEASED.read_text("utf-8").split())


def disagreements(folder: Path, site: Path) -> list[str]:
    """What keeps the book from being released, each in one sentence."""
    try:
        now = edition(folder)
    except ValueError as problem:
        return [str(problem)]
    found = []
    if now.changed:
        found.append(
            "CHANGELOG.md has changes under [Unreleased]:"
            " move them to a section of the new version"
        )
    cited = yaml.safe_load((folder / "CITATION.cff").read_text("utf-8"))
    for name, said in (("version", now.version), ("date-released", str(now.date))):
        if str(cited[name]) != said:
            found.append(f"CITATION.cff has {name} {cited[name]} instead of {said}")
    for path in sorted(site.glob("book/**/*.html")):
        if "<footer" in (text := path.read_text("utf-8")) and now.said not in text:
            page = path.relative_to(site)
            found.append(f"The footer of {page} does not say {now.said!r}: make html")
    lost = sorted(released() - addresses(site))
    found += [f"{a} is gone: say in book/moved.yml where it is now" for a in lost]
    return found


def pack(site: Path, archive: Path, name: str) -> None:
    """Write a folder into a ZIP archive, the same bytes for the same files."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            inside = f"{name}/{path.relative_to(site).as_posix()}"
            entry = zipfile.ZipInfo(inside)  # of 1980, whenever it is made
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


def release() -> None:
    if problems := disagreements(ROOT, BUILT):
        sys.exit("\n".join(["This is not a release yet:", *problems]))
    name = f"checked-gradients-{edition().version}"
    archive = BUILT.parent / f"{name}.zip"
    pack(BUILT, archive, name)
    lines = sorted(released() | addresses(BUILT))
    RELEASED.write_text("\n".join([*lines, ""]), "utf-8")
    folder = archive.parent.relative_to(ROOT)
    print(f"{archive.relative_to(ROOT)}: {archive.stat().st_size / 1e6:.1f} MB")
    print(f"The addresses are in {RELEASED.relative_to(ROOT)}: commit it. Read it by")
    print(
        f"python3 -m zipfile -e {folder}/{name}.zip {folder} && python3 -m http.server"
        f" --bind 127.0.0.1 --directory {folder}/{name} 8000"
    )


if __name__ == "__main__":
    release()
