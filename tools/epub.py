"""Put the built pages into one EPUB 3, whose formulas are MathML.

    python -m tools.epub                     _build/checked-gradients.epub

The articles are those of the pages, in their order, with their style and typefaces.
What needs scripts is left out: a figure to play with is its still picture.
"""

import html
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

from bs4 import Tag

from tools.digest import ROOT
from tools.pdf import SITE, article, listed

EPUB = ROOT / "_build/checked-gradients.epub"
NAME = "urn:checked-gradients:book"
STYLES = ("fonts.css", "book.css")  # of the pages' static files
# What a reading system has no use for, and what its checker refuses.
DROPPED = "button, input, nav, .time-to-read, .launch, template, form, section.derive"
REFUSED = re.compile(r"^(?:on\w+|loading|data-.*|role|align|valign)$")
TYPES = {".png": "image/png", ".svg": "image/svg+xml", ".css": "text/css"}
STYLE = """\
body { font-family: "STIX Two Text", serif }
pre { font-size: 0.75em; white-space: pre-wrap }
img { max-width: 100%; height: auto }
table { border-collapse: collapse; font-size: 0.9em }
td, th { border-bottom: 1px solid; padding: 0.1em 0.4em; vertical-align: top }
div.math { margin: 1em 0 }
"""
PAGE = """\
<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"
  lang="en" xml:lang="en">
<head><title>{title}</title>{styles}</head>
<body>{body}</body>
</html>
"""
CONTAINER = """\
<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="content.opf"
  media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
PACKAGE = """\
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"
  xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{name}</dc:identifier><dc:title>Checked Gradients</dc:title>
<dc:language>en</dc:language><dc:creator>The authors of Checked Gradients</dc:creator>
<meta property="dcterms:modified">{time}</meta>
</metadata>
<manifest>{items}</manifest>
<spine><itemref idref="nav"/>{spine}</spine>
</package>
"""


def main() -> int:
    if not (SITE / "index.html").exists():
        print("The book is not built: run `make html` first.", file=sys.stderr)
        return 1
    entries = list(listed())
    names = [name for name, _ in entries if name]
    files: dict[str, bytes] = {"nav.xhtml": contents(entries).encode()}
    for name, title in entries:
        if name:
            text, pictures = chapter(name, title, names)
            files[f"{name}.xhtml"] = text.encode()
            files.update((p, (SITE / p).read_bytes()) for p in pictures)
    for style in STYLES:
        files[f"_static/{style}"] = (SITE / "_static" / style).read_bytes()
    files["_static/epub.css"] = STYLE.encode()
    files["content.opf"] = package(files, names).encode()
    with zipfile.ZipFile(EPUB, "w", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        whole.writestr("META-INF/container.xml", CONTAINER)
        for path, content in files.items():
            whole.writestr(path, content)
    print(f"The book: {EPUB}, {EPUB.stat().st_size / 1e6:.1f} MB")
    return 0


def chapter(name: str, title: str, names: list[str]) -> tuple[str, set[str]]:
    """A page as XHTML, and the pictures on it, by their paths in the built folder."""
    found = article(name)
    tidy(found)
    pictures = set()
    for picture in found.find_all("img"):
        path = urlsplit(urljoin(f"{name}.html", str(picture["src"]))).path
        picture.attrs.setdefault("alt", "")
        pictures.add(unquote(path))
    for link in found.find_all("a", href=True):
        lead(link, name, names, pictures)
    up = "../" * name.count("/")
    styles = "".join(
        f'<link rel="stylesheet" type="text/css" href="{up}_static/{style}"/>'
        for style in (*STYLES, "epub.css")
    )
    body = found.decode(formatter="minimal")
    return PAGE.format(title=html.escape(title), styles=styles, body=body), pictures


def tidy(found: Tag) -> None:
    """Make of HTML what XHTML and its readers take: each name once, and no scripts."""
    for part in found.select(DROPPED):
        part.decompose()
    for place in found.find_all("wbr"):  # the parser puts what follows within it
        place.insert_before(Tag(name="wbr", can_be_empty_element=True))
        place.unwrap()
    seen: set[str] = set()
    for part in found.find_all(True):
        for attribute in [a for a in part.attrs if REFUSED.match(a)]:
            del part[attribute]
        if "id" in part.attrs and part["id"] in seen:  # an exercise's "content", say
            del part["id"]
        seen.add(str(part.get("id")))
        if part.name == "mrow":
            del part["form"]
        if part.name == "math":
            part["xmlns"] = "http://www.w3.org/1998/Math/MathML"


def lead(link: Tag, name: str, names: list[str], pictures: set[str]) -> None:
    """Have a link lead within the book, to another host, or nowhere."""
    address = str(link["href"])
    parts = urlsplit(urljoin(f"{name}.html", address))
    if parts.scheme or address.startswith("#"):
        return
    page = unquote(parts.path).removesuffix(".html")
    if page in names:
        link["href"] = address.replace(".html", ".xhtml")
    else:
        del link["href"]


def contents(entries: list[tuple[str, str]]) -> str:
    """The table of contents, as reading systems show it: parts, and their pages."""
    lines, opened = [], False
    for name, title in entries:
        if not name:
            lines.append("</ol></li>" if opened else "")
            lines.append(f"<li><span>{html.escape(title)}</span><ol>")
            opened = True
        else:
            lines.append(f'<li><a href="{name}.xhtml">{html.escape(title)}</a></li>')
    lines.append("</ol></li>" if opened else "")
    body = (
        '<nav epub:type="toc"><h1>Checked Gradients</h1>'
        f"<ol>{''.join(lines)}</ol></nav>"
    )
    return PAGE.format(title="Contents", styles="", body=body)


def package(files: dict[str, bytes], names: list[str]) -> str:
    time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    spine = "".join(f'<itemref idref="{identifier(f"{n}.xhtml")}"/>' for n in names)
    items = "".join(manifest(files))
    return PACKAGE.format(name=NAME, time=time, items=items, spine=spine)


def manifest(files: dict[str, bytes]) -> Iterator[str]:
    for path, content in files.items():
        kind = TYPES.get(PurePosixPath(path).suffix, "application/xhtml+xml")
        marks = ["nav"] if path == "nav.xhtml" else []
        marks += ["mathml"] if b"<math" in content else []
        marks += ["svg"] if b"<svg" in content and path.endswith("xhtml") else []
        said = f' properties="{" ".join(marks)}"' if marks else ""
        yield f'<item id="{identifier(path)}" href="{path}" media-type="{kind}"{said}/>'


def identifier(path: str) -> str:
    return "nav" if path == "nav.xhtml" else "f-" + re.sub(r"[^\w.-]", "-", path)


if __name__ == "__main__":
    sys.exit(main())
