"""The translator in the page: a still picture, a file of its own for its numbers.

A notebook's output holds the data (lib/pages/translator.py), a record the weights. They
are more than a page should weigh, so book/_static/translator.js loads them once a
reader asks, as a script: a page that was opened from a folder may load nothing else.
"""

import base64
import gzip
import json
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from lib.pages.translator import MIME, script
from lib.training import records
from tools.digest import RECORDS

CLASS = "translator"
FOLDER = "translators"  # of the static files


def setup(app: Sphinx) -> None:
    app.connect("source-read", place)
    app.connect("html-page-context", add_script)


def place(app: Sphinx, name: str, source: list[str]) -> None:
    """Write the files of a notebook's translators, and put HTML in place of data."""
    if MIME not in source[0]:
        return
    notebook = json.loads(source[0])
    out = Path(app.outdir)
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if MIME in data:
                content = "".join(data.pop(MIME))
                still = base64.b64decode("".join(data["image/png"]))
                alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt")
                if not alt:
                    raise ExtensionError(
                        f"{name}: the translator has no alternative text: put it into "
                        "the cell's metadata, as CONTRIBUTING.md says"
                    )
                data["text/html"] = html_of(
                    content, still, alt, out, "../" * name.count("/")
                )
    source[0] = json.dumps(notebook)


def html_of(content: str, still: bytes, alt: str, out: Path, up: str) -> str:
    """A translator in the page, whose files this writes under ``out``.

    ``up`` leads from the page to ``out``.
    """
    data = json.loads(content)
    record = records.read(RECORDS / f"{data['record']}.json")
    code = script(content, record).encode()
    files = {
        f"_images/translator-{data['name']}.png": still,
        f"_static/{FOLDER}/{data['name']}.js": code,
    }
    for path, whole in files.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(whole)
    picture, loaded = (up + path for path in files)
    size = len(gzip.compress(code)) / 1e6
    return (
        f'<div class="{CLASS}" data-name="{data["name"]}" data-file="{loaded}" '
        f'data-size="{size:.1f}"><img alt="{escape(alt)}" src="{picture}" /></div>'
    )


def add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object
) -> None:
    """Load the script and the style on the pages that show a translator."""
    if f'<div class="{CLASS}"' in context.get("body", ""):
        app.add_css_file("translator.css")
        app.add_js_file("translator.js", loading_method="defer")
