"""What a reference leads to, shown beside it: equations, sources, terms, figures.

Each page has a script of its own with what its references lead to, for a page may load
a script from a folder, too; book/_static/previews.js asks for it when it is needed.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

from tools.finished import named, read


def write(out: Path) -> None:
    for page in out.rglob("*.html"):
        name = page.relative_to(out)
        found = dict(previews(name, out))
        if found:
            text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
            path = out / "_static/previews" / name.with_suffix(".js")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"const PREVIEWS = {text};\n", "utf-8")


def previews(page: Path, out: Path) -> Iterator[tuple[str, str]]:
    """The addresses to which a page refers, with the HTML to show for each."""
    article = read(out / page).article or Tag(name="article")
    for link in article.find_all("a", class_="internal", href=re.compile("#")):
        parts = urlsplit(urljoin(page.as_posix(), str(link["href"])))
        file = out / unquote(parts.path)
        target = named(file).get(unquote(parts.fragment)) if file.is_file() else None
        if target and (shown := preview(target)):
            yield str(link["href"]), moved(shown, Path(parts.path).parent, page.parent)


def preview(target: Tag) -> str:
    """The HTML of a place that is worth a look from afar, else nothing."""
    kinds = {target.name, *target.get_attribute_list("class")}
    if target.name == "dt":
        meaning = target.find_next_sibling("dd")
        return f"<b>{bare(target)}</b>{bare(meaning)}" if meaning else ""
    if kinds & {"figure", "math", "exercise", "proof"}:
        return bare(target, whole=not kinds & {"exercise", "proof"})
    if "citation" in kinds:
        return "".join(map(bare, target.find_all("p")))
    if target.name == "section":
        [heading, *_] = target.find_all(["h1", "h2", "h3", "h4"])
        first = target.find("p", recursive=False)
        return f"<b>{bare(heading)}</b>{bare(first, whole=True) if first else ''}"
    return ""


def bare(part: Tag, whole: bool = False) -> str:
    """The HTML inside an element, or of all of it, without links and names."""
    copy = BeautifulSoup(str(part), "html.parser")
    for link in copy.select(".headerlink"):
        link.decompose()
    for link in copy.find_all("a"):
        link.unwrap()
    for place in copy.find_all(id=True):
        del place["id"]
    root = copy.contents[0]
    assert isinstance(root, Tag)
    return str(root) if whole else root.decode_contents()


def moved(html: str, origin: Path, here: Path) -> str:
    """HTML of a page in one folder with its pictures' addresses from another one."""
    if "<img" not in html:
        return html
    piece = BeautifulSoup(html, "html.parser")
    for picture in piece.find_all("img"):
        path = os.path.normpath(origin / str(picture["src"]))
        picture["src"] = Path(os.path.relpath(path, here)).as_posix()
    return str(piece)
