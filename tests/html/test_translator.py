"""The translator in the page, in a browser: what a reader does, and what it answers."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator

from lib.data import corpora
from lib.data.catalogue import LANGUAGES
from lib.experiments import EXPERIMENTS
from lib.experiments.translation import kept_translator, load
from lib.models.translation import Translator
from lib.training import records
from tests.shared.site import AXE, NARROW, ROOT, SITE, WIDE, Visit

PAGE = "book/transformer/translation.html"


class Reader:
    """Who opens the page and asks for the translator."""

    def __init__(self, browser: Browser, address: str, **settings: object) -> None:
        settings = {"viewport": WIDE, "color_scheme": "light"} | settings
        self.context = browser.new_context(**settings)
        self.visit = Visit(self.context.new_page(), address)
        self.page = self.visit.page
        self.figure = self.page.locator(".translator")
        self.figure.scroll_into_view_if_needed()

    def load(self) -> None:
        self.figure.get_by_role("button", name="Load the translator").click()
        self.figure.locator(".looks table").wait_for()

    @property
    def text(self) -> Locator:
        return self.figure.get_by_role("textbox")

    @property
    def note(self) -> str:
        return self.figure.locator(".note").text_content() or ""

    def answers(self) -> dict[str, tuple[str, str]]:
        """What stands in each language's row: the translation, and the verdict."""
        rows = self.figure.locator("fieldset label").all()
        return {
            row.get_attribute("lang") or "": (
                row.locator("span").nth(1).text_content() or "",
                row.locator(".verdict").text_content() or "",
            )
            for row in rows
        }

    def drawn(self) -> list[list[str]]:
        rows = self.figure.locator(".looks tr").all()
        return [row.locator("th, td").all_text_contents() for row in rows]


@pytest.fixture(scope="module")
def translator() -> Translator:
    run = EXPERIMENTS["translate-phrases"].run
    record = records.read(ROOT / "book/records/translate-phrases-seed0.json")
    return kept_translator(record, run, load(run, None))


@pytest.fixture
def reader(browser: Browser, server: str) -> Iterator[Callable[..., Reader]]:
    opened: list[Reader] = []

    def open_one(address: str = f"{server}/{PAGE}", **settings: object) -> Reader:
        opened.append(Reader(browser, address, **settings))
        return opened[-1]

    yield open_one
    for one in opened:
        one.context.close()


def test_nothing_is_loaded_before_a_reader_asks(reader: Callable[..., Reader]) -> None:
    one = reader()
    assert one.page.evaluate("Object.keys(translators.data).length") == 0
    assert one.figure.locator("img").is_visible()
    button = one.figure.get_by_role("button", name="Load the translator")
    size = (SITE / "_static/translators/phrases.js").stat().st_size / 1e6
    said = float((button.text_content() or "").split("(")[1].split(" ")[0])
    assert 0.5 * size < said < size
    button.focus()
    one.page.keyboard.press("Enter")
    one.figure.locator(".looks table").wait_for()
    assert not one.figure.locator("img").is_visible()
    assert one.figure.evaluate("f => f.contains(document.activeElement)")
    assert one.visit.foreign == []
    assert one.visit.complaints == []


def test_the_page_answers_as_the_library_does(
    reader: Callable[..., Reader], translator: Translator
) -> None:
    one = reader()
    one.load()
    phrases = corpora.phrases().held_out
    languages = LANGUAGES
    one.figure.get_by_label("A held-out phrase in").select_option("ja")
    for number in (0, 1):
        texts = phrases[number].texts
        assert one.text.input_value() == texts["ja"]
        assert "has not met this phrase" in one.note
        for language, (answer, verdict) in one.answers().items():
            assert answer == translator.translate([texts["ja"]], language)[0]
            right = answer == texts[language]
            expected = "right" if right else f"wrong: {texts[language]}"
            assert verdict == (
                "(never asked of it in training)" if language == "ja" else expected
            )
        one.figure.get_by_role("button", name="Another one").click()
    one.text.fill("8 days, 47 minutes")
    assert "no held-out phrase" in one.note
    found = {k: translator.translate(["8 days, 47 minutes"], k)[0] for k in languages}
    assert one.answers() == {k: (text, "") for k, text in found.items()}
    one.figure.get_by_role("radio", name="Russian").check()
    looks, source, words = translator.looks("8 days, 47 minutes", "ru")
    head, *rows = one.drawn()
    shown = [token.strip(" <>") or "\N{OPEN BOX}" for token in source]
    assert head == ["", *shown, "how likely, %"]
    assert len(rows) == len(words)
    for row, shares in zip(rows, looks.mean(0).tolist(), strict=True):
        for cell, share in zip(row[1:-1], shares, strict=True):
            assert abs(float(cell or 0) - 100 * share) <= 1
        assert 0 <= float(row[-1]) <= 100
    one.figure.get_by_label("Attention of").select_option("head 3")
    third = [row[1:-1] for row in one.drawn()[1:]]
    for cells, shares in zip(third, looks[2].tolist(), strict=True):
        for cell, share in zip(cells, shares, strict=True):
            assert abs(float(cell or 0) - 100 * share) <= 1


def test_of_a_text_that_two_languages_share_it_was_asked_for_both(
    reader: Callable[..., Reader],
) -> None:
    """It may be a text of the other one."""
    one = reader()
    one.load()
    held_out = corpora.phrases().held_out
    texts = next(p.texts for p in held_out if p.texts["en"] == p.texts["fr"])
    one.text.fill(texts["en"])
    for language, (answer, verdict) in one.answers().items():
        right = answer == texts[language]
        assert verdict == ("right" if right else f"wrong: {texts[language]}")


def test_unknown_words_and_empty_texts_are_said(reader: Callable[..., Reader]) -> None:
    one = reader()
    one.load()
    one.text.fill("3 wombats")
    assert one.note.startswith("\N{LEFT DOUBLE QUOTATION MARK}wombats")
    assert "occurs in no text" in one.note
    assert {*one.answers().values()} == {("", "")}
    assert one.drawn() == []
    one.text.fill("  ")
    assert one.note.startswith("Write a date")
    one.text.fill("14 miles")
    assert len(one.drawn()) > 3


def test_it_works_from_a_folder_and_offline(reader: Callable[..., Reader]) -> None:
    one = reader((SITE / PAGE).as_uri(), offline=True)
    one.load()
    assert one.answers()["de"][0]
    assert one.visit.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_in_order_and_fits_a_phone(
    reader: Callable[..., Reader], scheme: str
) -> None:
    one = reader(viewport=NARROW, color_scheme=scheme, has_touch=True)
    one.load()
    assert one.page.evaluate("document.documentElement.scrollWidth") <= 390
    for target in one.figure.locator("button, select, input").all():
        box = target.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
    one.page.evaluate(AXE)
    looked = one.page.evaluate("axe.run('.translator', {resultTypes: ['violations']})")
    assert [(v["id"], v["nodes"][0]["html"]) for v in looked["violations"]] == []


def test_without_scripts_a_still_picture_stands_there(
    browser: Browser, server: str
) -> None:
    context = browser.new_context(viewport=WIDE, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/{PAGE}")
    assert page.locator(".translator img").is_visible()
    assert page.locator(".translator button").count() == 0
    context.close()
