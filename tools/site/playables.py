"""Figures to play with: their data stand in the page, beside the still picture.

A notebook's output holds the data and the picture (lib/pages/playable.py). In the page
book/_static/playable.js draws the data in place of the picture.
"""

import base64
import json
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from lib.pages.playable import MIME

CLASS = "playable"


def setup(app: Sphinx) -> None:
    app.connect("source-read", place)
    app.connect("html-page-context", add_script)


def place(app: Sphinx, name: str, source: list[str]) -> None:
    """Write the stills of a notebook, and put HTML in place of its figures' data."""
    if MIME not in source[0]:
        return
    notebook = json.loads(source[0])
    folder = Path(app.outdir) / "_images"
    folder.mkdir(parents=True, exist_ok=True)
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if MIME in data:
                content = "".join(data.pop(MIME))
                figure = json.loads(content)["name"]
                still = base64.b64decode("".join(data["image/png"]))
                (folder / f"playable-{figure}.png").write_bytes(still)
                address = f"{'../' * name.count('/')}_images/playable-{figure}.png"
                alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt")
                if not alt:
                    raise ExtensionError(
                        f"{name}: the figure {figure} has no alternative text: put it "
                        "into the cell's metadata, as CONTRIBUTING.md says"
                    )
                data["text/html"] = html_of(content, address, alt)
    source[0] = json.dumps(notebook)


def html_of(content: str, address: str, alt: str) -> str:
    """A figure in the page: its still picture, and its data, which are no script."""
    return (
        f'<div class="{CLASS}"><img alt="{escape(alt)}" src="{address}" />'
        f'<script type="application/json">{content}</script></div>'
    )


def add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object
) -> None:
    """Load the script and the style on the pages that show a figure to play with."""
    if f'<div class="{CLASS}">' in context.get("body", ""):
        app.add_css_file("playable.css")
        app.add_js_file("playable.js", loading_method="defer")
