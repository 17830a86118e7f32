"""What the pages may load and run, moved addresses, and quiet scripts."""

from pathlib import Path

import pytest

from tools.site import moved, quiet
from tools.site.policy import digest, guarded, hashes

PAGE = '<html><head><meta charset="utf-8" />{}</head><body></body></html>'


def test_policy_allows_the_scripts_of_the_page_by_their_hashes() -> None:
    data = '<script type="application/json">{"a": 1}</script>'
    page = PAGE.format(f'<script>a()</script><script src="b.js"></script>{data}')
    assert hashes(page) == [f"'sha256-{digest('a()')}'"]
    # Of an empty text, as the standards of hashing give it.
    assert digest("") == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    head = guarded(page).partition("<script>")[0]
    assert f"script-src 'self' 'wasm-unsafe-eval' 'sha256-{digest('a()')}';" in head
    assert "'unsafe-eval'" not in head


def test_handlers_become_names() -> None:
    button = '<button onclick="window.print()">x</button>'
    assert '<button data-calls="print">' in guarded(PAGE.format(button))


def test_page_without_a_charset_has_no_place_for_a_policy() -> None:
    with pytest.raises(ValueError, match="no <meta charset>"):
        guarded("<html></html>")


def test_scripts_say_what_is_wrong_and_nothing_else(tmp_path: Path) -> None:
    script = tmp_path / "_static" / "a" / "b.js"
    script.parent.mkdir(parents=True)
    script.write_text('a&&console.log("x"),console.error("y")')
    (tmp_path / "search.html").write_text("<script>console.debug(1)</script>")
    quiet.write(tmp_path)
    assert script.read_text() == 'a&&void ("x"),console.error("y")'
    assert (tmp_path / "search.html").read_text() == "<script>void (1)</script>"


def test_what_has_moved_leads_to_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "moved.yml").write_text(
        "book/vae/old.html: book/gan/new.html\n"
        "book/b.html#eq-old: book/vae/c.html#eq-new\n"
    )
    page = tmp_path / "book" / "b.html"
    page.parent.mkdir()
    page.write_text("<article>b</article>")
    moved.write(tmp_path, "book/first.html", "The <book>", tmp_path)
    assert "url=book/first.html" in (index := (tmp_path / "index.html").read_text())
    assert "<title>The &lt;book&gt;</title>" in index
    old = (tmp_path / "book/vae/old.html").read_text()
    assert 'href="../gan/new.html"' in old
    assert 'id="eq-old" class="moved"><a href="vae/c.html#eq-new"' in page.read_text()
