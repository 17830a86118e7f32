"""Outputs of a notebook's cells that the page shows in a way of its own."""

import base64
import json
from collections.abc import Callable

from sphinx.errors import ExtensionError


def replaced(
    name: str, source: str, mime: str, html_of: Callable[[str, bytes, str], str]
) -> str:
    """The page's notebook with HTML in place of the outputs of one type.

    ``html_of`` takes an output's content, its still picture, and the alternative text
    of its cell. Raises ExtensionError where a cell has none.
    """
    if mime not in source:
        return source
    notebook = json.loads(source)
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if mime in data:
                content = "".join(data.pop(mime))
                still = base64.b64decode("".join(data["image/png"]))
                alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt")
                if not alt:
                    figure = json.loads(content)["name"]
                    raise ExtensionError(
                        f"{name}: the figure {figure} has no alternative text: put it "
                        "into the cell's metadata, as CONTRIBUTING.md says"
                    )
                data["text/html"] = html_of(content, still, alt)
    return json.dumps(notebook)
