"""Addresses that were published never vanish: what has moved leads to where it is.

``book/moved.yml`` says what has moved, a page or a place on one. A page that is gone is
written as one that leads on; a page that has lost a place says at its end where it is.
"""

import os.path
from html import escape
from pathlib import Path

import yaml

from tools.digest import ROOT

BOOK = ROOT / "book"
END = "</article>"
PAGE = """\
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>{title}</title>
    <meta http-equiv="refresh" content="0; url={address}" />
    <link rel="icon" href="data:," />
    <style>
      body {{ font: 1.25rem/1.5 serif; margin: 3rem auto; max-width: 40rem; padding: 0 1rem; }}
      :root {{ color-scheme: light dark; }}
    </style>
  </head>
  <body>
    <main>
      <h1>{title}</h1>
      <p><a href="{address}">Go on to the page.</a></p>
    </main>
  </body>
</html>
"""  # noqa: E501 - as it is written


def moved(book: Path = BOOK) -> dict[str, str]:
    """Where each page or place that has moved is now, both from the site's root."""
    path = book / "moved.yml"
    return (yaml.safe_load(path.read_text("utf-8")) or {}) if path.exists() else {}


def leading_to(address: str, title: str) -> str:
    """A page that leads to another one by itself."""
    return PAGE.format(title=escape(title), address=escape(address))


def write(out: Path, first: str, title: str, book: Path = BOOK) -> None:
    """The pages that lead elsewhere: the folder's own, to ``first``, and the moved."""
    (out / "index.html").write_text(leading_to(first, title), "utf-8")
    for old, new in moved(book).items():
        page, _, place = old.partition("#")
        address = os.path.relpath(new, Path(page).parent).replace(os.sep, "/")
        if place:
            _add_place(out / page, place, address)
        else:
            (out / page).parent.mkdir(parents=True, exist_ok=True)
            (out / page).write_text(leading_to(address, "This page has moved"), "utf-8")


def _add_place(page: Path, place: str, address: str) -> None:
    html = page.read_text("utf-8")
    link = f'<a href="{escape(address)}">What was called {escape(place)} is here.</a>'
    note = f'<p id="{escape(place)}" class="moved">{link}</p>\n'
    before, _, after = html.rpartition(END)
    page.write_text(f"{before}{note}{END}{after}", "utf-8")
