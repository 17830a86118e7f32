"""Each built page in a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    Page,
    ViewportSize,
)

from tests.shared.effort import DEEP, sampled
from tests.shared.site import (
    AXE,
    NARROW,
    PAGES,
    PLAYED,
    SITE,
    SIZES,
    VIEWS,
    WHOLE,
    WIDE,
    Visit,
    label,
    soup,
)
from tools import release


@pytest.fixture(scope="module", params=PAGES)
def visit(
    request: pytest.FixtureRequest, browser: Browser, server: str
) -> Iterator[Visit]:
    context = browser.new_context(viewport=WIDE, color_scheme="light")
    yield Visit(context.new_page(), f"{server}/{request.param}", request.param)
    context.close()


def test_page_asks_no_other_host_and_reports_no_error(visit: Visit) -> None:
    assert visit.foreign == []
    assert visit.complaints == []


def test_mathematics_is_set(visit: Visit) -> None:
    """Each formula is MathML, with a letter of its own typeface, and no tab stop."""
    page = visit.page
    empty = page.evaluate(
        """() => [...document.querySelectorAll("main .math")]
            .filter(formula => !formula.querySelector("math")?.textContent)
            .map(formula => formula.textContent)"""
    )
    assert empty == []
    raw = page.evaluate(
        """() => {
            const text = document.querySelector("main").cloneNode(true);
            text.querySelectorAll("pre, code, script").forEach(part => part.remove());
            return text.textContent.match(/\\$\\$|\\\\\\(|\\\\[a-z]+\\{/g);
        }"""
    )
    assert raw is None
    stops = "span.math[tabindex], math[tabindex], .math math *[tabindex]"
    assert page.locator(stops).count() == 0
    fonts = fonts_of(page, "article math")
    assert {font for font in fonts if font[0] != "Checked Math"} == set()
    assert bool(fonts) == bool(page.locator("article math").count())


def fonts_of(page: Page, selector: str) -> set[tuple[str, str]]:
    """The fonts that the browser takes for these elements, each with a text in it."""
    tools = page.context.new_cdp_session(page)
    tools.send("DOM.enable")
    tools.send("CSS.enable")
    root = {"nodeId": tools.send("DOM.getDocument")["root"]["nodeId"]}
    found = tools.send("DOM.querySelectorAll", {**root, "selector": selector})
    texts = page.locator(selector).all_text_contents()
    fonts = set()
    for node, text in zip(found["nodeIds"], texts, strict=True):
        used = tools.send("CSS.getPlatformFontsForNode", {"nodeId": node})
        fonts |= {(font["familyName"], text) for font in used["fonts"]}
    tools.detach()
    return fonts


TOO_WIDE = """selector => [...document.querySelectorAll(selector)]
    .filter(box => box.scrollWidth > box.clientWidth + 1)"""


# From a wide window to narrow ones: each change lays the whole page out again.
def test_all_fits_its_column_on_a_desk(visit: Visit) -> None:
    visit.show("light", WIDE)
    wide = f"({TOO_WIDE})('article pre, article div.math').map(box => box.textContent)"
    assert visit.page.evaluate(wide) == []


def test_few_formulas_are_too_wide_for_a_phone(visit: Visit) -> None:
    """Three on a page, or one in twenty; each scrolls, and shadows say so."""
    for width in (360, 390):
        visit.show("light", {**NARROW, "width": width})
        boxes = visit.page.locator("article div.math")
        wide = boxes.evaluate_all(
            """boxes => boxes.filter(box => box.scrollWidth > box.clientWidth + 1)
                .map(box => getComputedStyle(box))
                .map(style => [style.overflowX, style.backgroundImage])"""
        )
        assert len(wide) <= max(3, boxes.count() / 20)
        for overflow, background in wide:
            assert overflow == "auto"
            assert background.count("linear-gradient") == 4


def test_what_is_wide_can_be_reached_by_keys(visit: Visit) -> None:
    visit.show("light", NARROW)
    unreached = f"({TOO_WIDE})('article div.math').filter(box => box.tabIndex !== 0)"
    visit.page.wait_for_function(f"() => {unreached}.length === 0")


@pytest.mark.parametrize("size", SIZES if DEEP else [NARROW], ids=label)
def test_page_fits_its_window(visit: Visit, size: ViewportSize) -> None:
    visit.show("light", size)
    width = visit.page.evaluate("document.documentElement.scrollWidth")
    assert width <= size["width"]


# What axe need not look through stands aside meanwhile: code but for one word of each
# kind, for a page has thousands of words in a dozen colours, and formulas but for one
# of each place, for a page has hundreds of them.
THIN_OUT = """everything => {
    const page = document.querySelector("article"), met = new Set();
    const thin = page.cloneNode(true);
    page.replaceWith(thin);
    window.putBack = () => thin.replaceWith(page);
    thin.querySelectorAll(".highlight span").forEach(word => {
        const place = word.closest("[class*=cell_]")?.className;
        // Of a single letter and of what is hidden axe does not judge the contrast.
        const judged = word.textContent.length > 1 && word.checkVisibility();
        const kind = [word.className, place, judged].join();
        if (met.has(kind) && !everything) word.replaceWith(word.textContent);
        met.add(kind);
    });
    thin.querySelectorAll("math").forEach(formula => {
        const around = formula.closest("p, li, td, th, dt, dd, h1, h2, h3, figcaption");
        const colours = [...formula.querySelectorAll("[style], [mathcolor]")]
            .map(part => part.getAttribute("style") + part.getAttribute("mathcolor"));
        const classes = formula.closest("div").className;
        const kind = [around?.tagName, classes, ...new Set(colours)].join();
        if (met.has(kind) && !everything) formula.replaceWith("x");
        met.add(kind);
    });
}"""


LOOKED_THROUGH = sampled(PAGES, 11)  # by axe, which takes longest


def test_page_is_accessible(visit: Visit) -> None:
    if visit.name not in LOOKED_THROUGH:
        pytest.skip("axe looks through this page with DEEP=1")
    visit.page.evaluate(AXE)
    visit.page.evaluate(THIN_OUT, DEEP)
    views = VIEWS if DEEP else VIEWS[PAGES.index(visit.name) % 2 :][:1]
    found = []
    for scheme, size in views:
        visit.show(scheme, size)
        looked = visit.page.evaluate("axe.run({resultTypes: ['violations']})")
        found += [
            (scheme, size, violation["id"], [n["html"] for n in violation["nodes"][:3]])
            for violation in looked["violations"]
        ]
    visit.page.evaluate("putBack()")  # for whatever test comes next
    assert found == []


# Those with figures to play with, and some others; 404.html has whole addresses.
FROM_A_FOLDER = {*sampled(WHOLE, 2), *PLAYED} - {"404.html"}


@pytest.mark.parametrize("page", sorted(FROM_A_FOLDER))
def test_page_works_from_a_folder(browser: Browser, page: str) -> None:
    context = browser.new_context(offline=True)
    visit = Visit(context.new_page(), (SITE / page).as_uri())
    assert visit.foreign == []
    assert visit.complaints == []
    assert visit.page.title()
    assert bool(visit.page.locator(".playable .live svg").count()) == (page in PLAYED)
    context.close()


@pytest.mark.parametrize("page", sorted({*WHOLE} - {*PAGES}))
def test_page_made_by_sphinx_is_in_order(
    browser: Browser, server: str, page: str
) -> None:
    context = browser.new_context(viewport=WIDE)
    visit = Visit(context.new_page(), f"{server}/{page}")
    assert visit.foreign == []
    assert visit.complaints == []
    visit.page.evaluate(AXE)
    looked = visit.page.evaluate("axe.run({resultTypes: ['violations']})")
    assert [violation["id"] for violation in looked["violations"]] == []
    context.close()


def test_the_folder_itself_leads_to_the_first_page(
    browser: Browser, server: str
) -> None:
    assert soup("index.html").html["lang"] == "en"
    assert soup("index.html").title.text == "Checked Gradients"
    context = browser.new_context()
    page = context.new_page()
    for address in (f"{server}/", (SITE / "index.html").as_uri()):
        page.goto(address)
        page.wait_for_url(f"**/{PAGES[0]}")
    context.close()


def test_policy_refuses_what_the_book_did_not_bring(
    browser: Browser, server: str
) -> None:
    """A script put into the page, a handler, another host, and evaluated text."""
    context = browser.new_context(viewport=WIDE)
    visit = Visit(context.new_page(), f"{server}/book/notation.html")
    refused = visit.page.evaluate(
        """async () => {
            const refused = new Set();
            document.addEventListener("securitypolicyviolation",
                event => refused.add(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "window.harmed = true";
            document.body.append(script);
            const link = document.createElement("a");
            link.setAttribute("onclick", "window.harmed = true");
            link.click();
            await fetch("https://example.org/").catch(() => {});
            const image = new Image();
            const tried = new Promise(resolve => { image.onerror = resolve });
            image.src = "https://example.org/x.png";
            await tried;
            try { window.harmed = (0, eval)("true") } catch (error) {}
            await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
            return [...refused, window.harmed ?? "unharmed"].sort();
        }"""
    )
    assert refused == [
        "connect-src", "img-src", "script-src", "script-src-attr", "script-src-elem",
        "unharmed",
    ]  # fmt: skip
    assert visit.foreign == []
    context.close()


def test_equation_is_cited(browser: Browser, server: str) -> None:
    """By the keyboard: address, version and label, and a message that says so."""
    context = browser.new_context(viewport=WIDE)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = Visit(context.new_page(), f"{server}/book/vae/elbo.html").page
    number = page.locator("#equation-eq-elbo button.cite")
    number.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('cited').textContent")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert page.locator("#cited").text_content() == f"Copied: {copied}"
    said = number.text_content()
    assert copied.rstrip("\n").split(", ") == [
        "Checked Gradients",
        release.edition().said,
        "“The evidence lower bound”",
        f"equation {said}",
        "eq-elbo",
        f"{server}/book/vae/elbo.html#equation-eq-elbo",
    ]
    assert number.get_attribute("aria-label") == f"Cite equation {said}"
    numbers = page.locator(".eqno").count()
    assert page.locator(".eqno button.cite").count() == numbers > 0
    context.close()


def test_citation_is_shown_where_it_cannot_be_copied(browser: Browser) -> None:
    """From a folder: without an address, selected, and read from the dialog."""
    context = browser.new_context(offline=True, viewport=NARROW, has_touch=True)
    address = (SITE / "book/vae/elbo.html").as_uri()
    page = Visit(context.new_page(), address).page
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject() }")
    page.locator(".edition button.cite").tap()
    shown = page.locator("#citation textarea")
    shown.wait_for()
    assert page.evaluate("getSelection().toString()") == shown.input_value()
    assert "The evidence lower bound" in shown.input_value()
    assert "file:" not in shown.input_value()
    page.evaluate(AXE)
    looked = page.evaluate("axe.run({resultTypes: ['violations']})")
    assert [violation["id"] for violation in looked["violations"]] == []
    page.keyboard.press("Escape")
    assert not shown.is_visible()
    context.close()


def test_missing_page_leads_on(browser: Browser, server: str) -> None:
    """404.html is shown at any depth; its styles and links are whole addresses."""
    context = browser.new_context(viewport=WIDE)
    visit = Visit(context.new_page(), f"{server}/nowhere/at/all.html")
    assert visit.complaints == []
    assert visit.page.locator("article h1").text_content() == "Page not found"
    visit.page.locator(".bd-sidebar-primary a", has_text="Notation").click()
    visit.page.wait_for_url("**/book/notation.html")
    context.close()


def test_icons_are_drawn(browser: Browser, server: str) -> None:
    """Each has a letter of the font that is cut to them, and the font is there."""
    context = browser.new_context(viewport=WIDE)
    page = Visit(context.new_page(), f"{server}/book/intro.html").page
    letters = page.evaluate(
        """() => [...document.querySelectorAll(".fas, .fa-solid")]
            .map(icon => getComputedStyle(icon, "::before").content)"""
    )
    assert len(letters) > 5
    assert all("\uf000" <= letter.strip('"') <= "\uf8ff" for letter in letters)
    names = "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"
    loaded = {name.strip('"') for name in page.evaluate(names)}
    assert loaded >= {"Font Awesome 6 Free", "STIX Two Text"}
    context.close()
