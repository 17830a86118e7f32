"""The reader's own steps, in a real browser: the page's checker is the library's."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from lib.proof.attempt import Exercise, text_of
from tests.shared import firefox
from tests.shared.effort import sampled
from tests.shared.site import AXE, PATIENCE, SITE, VIEWS, WIDE, Visit, soup
from tools.derivations import derivation_cells, derivations
from tools.notebooks import BOOK

KL = "book/vae/gaussian_kl.html"
expect.set_options(timeout=PATIENCE)


def exercises() -> dict[str, tuple[str, dict[str, Any]]]:
    """Of each exercise its page and its data, as the built pages hold them."""
    found = {}
    for page in sorted(SITE.glob("book/*/*.html")):
        name = page.relative_to(SITE).as_posix()
        for section in soup(name).select("section.derive"):
            data = json.loads(str(section["data-exercise"]))
            found[str(section["id"])] = (name, data)
    return found


EXERCISES = exercises()


def test_there_are_two_in_each_chapter_that_derives_much() -> None:
    pages = [page for page, _ in EXERCISES.values()]
    for chapter, found in derivations().items():
        steps = sum(len(derived.chain.steps) for derived in found)
        wanted = 2 if steps > 40 else 1 if steps > 10 else 0
        assert pages.count(f"book/{chapter}.html") >= wanted, chapter
    assert len(pages) >= 12


def test_each_exercise_is_a_derivation_that_a_variable_holds() -> None:
    """So that what was written can be copied as a cell."""
    for page, data in EXERCISES.values():
        chapter = page.removeprefix("book/").removesuffix(".html")
        assert derivations()[chapter][data["chain"]].variable


def test_each_finished_derivation_can_be_changed() -> None:
    for chapter, found in derivations().items():
        blocks = soup(f"book/{chapter}.html").select("article [data-derivation]")
        marked = {int(str(block["data-derivation"])) for block in blocks}
        labelled = {i for i, derived in enumerate(found) if derived.chain.label}
        assert labelled <= marked


# In a browser


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, color_scheme="light")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit = Visit(context.new_page(), f"{server}/{KL}", KL)
    yield visit.page
    assert visit.foreign == []
    assert visit.complaints == []
    context.close()


ASK = """async questions => {
    const files = new URL("../../_static/", location.href);
    const at = location.pathname.replace(/^.*?book[/]/, "").replace(".html", ".json");
    const chains = await (await fetch(new URL("derivations/" + at, files))).json();
    const at_work = new Worker(new URL("checker/worker.mjs", files), {type: "module"});
    let id = 0;
    const ask = question => new Promise((resolve, reject) => {
        const mine = ++id;
        at_work.addEventListener("message", ({data}) => {
            if (data.failed) reject(data.failed);
            if (data.id === mine) resolve(data.found);
        });
        at_work.postMessage({id: mine, question});
    });
    await ask({ask: "load", chains});
    const answers = [];
    for (const question of questions) answers.push(await ask(question));
    at_work.terminate();
    return answers;
}"""


def one_sign(text: str) -> str:
    """The text with the first sign between terms turned, or with a minus before it."""
    turned = re.sub(
        r" ([-+]) ", lambda found: " + " if found[1] == "-" else " - ", text, count=1
    )
    return turned if turned != text else f"-({text})"


@pytest.mark.parametrize("name", sampled(list(EXERCISES), 1))
def test_page_says_what_the_library_says(
    name: str, browser: Browser, server: str
) -> None:
    """Of each of the book's lines, and of each with one sign turned."""
    at, data = EXERCISES[name]
    chapter = at.removeprefix("book/").removesuffix(".html")
    chain = derivations()[chapter][data["chain"]].chain
    exercise = Exercise(chain, data["first"], data["last"], data["forms"])
    own = [text_of(chain, step.after) for step in exercise.asked]
    tried = [
        (own[:index], text)
        for index, line in enumerate(own)
        for text in (line, one_sign(line))
    ]
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{server}/{at}")
    answers = page.evaluate(
        ASK,
        [{"ask": "check", **data, "texts": before, "text": t} for before, t in tried],
    )
    page.close()
    for (before, text), answer in zip(tried, answers, strict=True):
        found = exercise.check(before, text)
        assert (answer["kind"], answer["message"]) == (found.kind, found.message)
    assert [answer["kind"] for answer in answers[::2]] == (
        ["accepted"] * (len(own) - 1) + ["done"]
    )
    assert {answer["kind"] for answer in answers[1::2]} == {"refuted"}


def test_firefox_says_it_too(server: str) -> None:
    """Of the first line of an exercise, and of the same with one sign turned."""
    at, data = next(one for one in EXERCISES.values() if one[0] == KL)
    chain = derivations()["vae/gaussian_kl"][data["chain"]].chain
    exercise = Exercise(chain, data["first"], data["last"], data["forms"])
    own = text_of(chain, exercise.asked[0].after)
    texts = [own, one_sign(own)]
    questions = [{"ask": "check", **data, "texts": [], "text": t} for t in texts]
    with firefox.opened() as tab:
        tab.goto(f"{server}/{at}")
        answers = tab.evaluate(ASK, questions)
    said = [(answer["kind"], answer["message"]) for answer in answers]
    found = [exercise.check([], text) for text in texts]
    assert said == [(one.kind, one.message) for one in found]
    assert [kind for kind, _ in said] == ["accepted", "refuted"]


def write(section: Locator, text: str) -> Locator:
    """Type a line, have it checked, and return what is said."""
    status = section.get_by_role("status")
    section.get_by_role("textbox").fill(text)
    section.get_by_role("textbox").press("Enter")
    expect(status).to_contain_text(re.compile(r"^(?!Checking|Loading)"))
    return status


RIGHT = (
    "E(log(sigma_q) - log(sigma_p) - (x - mu_p)**2/(2*sigma_p**2)"
    " + (x - mu_q)**2/(2*sigma_q**2), p)"
)


def begin_and_stop(section: Locator) -> None:
    section.get_by_role("button", name="Begin").click()
    section.get_by_role("button", name="Stop").click()
    expect(section.get_by_role("status")).to_contain_text("Stopped.")


def test_reader_derives_step_by_step(page: Page) -> None:
    _, exercise = EXERCISES["derive-kl-integrand"]
    section = page.locator("#derive-kl-integrand")
    status = section.get_by_role("status")
    begin_and_stop(section)
    expect(write(section, "KL(p, q")).to_contain_text("a bracket is not closed")
    line = section.get_by_role("textbox")
    line.clear()
    section.locator("[data-name=mu_q]").click()  # a name is written by a tap
    expect(line).to_have_value("mu_q")
    line.fill("sigma_q/3")
    expect(section.locator(".reading math")).to_have_text(
        "\N{GREEK SMALL LETTER SIGMA}q3"
    )
    expect(write(section, one_sign(RIGHT))).to_contain_text("Does not hold at mu_p =")
    expect(section.locator("ol.taken li")).to_have_count(0)
    expect(write(section, RIGHT)).to_contain_text("It holds")
    expect(section.locator("ol.taken li")).to_have_count(1)
    expect(section.locator(".way .passed")).to_have_count(1)

    page.reload()  # what was written is still there, and a stop does not lose it
    begin_and_stop(section)
    section.get_by_role("button", name="Hint").click()
    expect(status).to_contain_text("Next comes the conclusion")
    expect(section.locator("ol.taken li")).to_have_count(1)
    section.get_by_role("button", name="Undo").click()
    expect(section.locator("ol.taken li")).to_have_count(0)
    goal = RIGHT.replace("log(sigma_q) - log(sigma_p)", "log(sigma_q/sigma_p)")
    expect(write(section, goal)).to_contain_text("in one leap; the book takes 3")
    expect(section.locator("ol.taken li")).to_have_count(0)
    line.fill(RIGHT)
    line.press("Enter")
    line.press("Enter")  # a line that is being checked is not taken twice
    line.fill(goal)  # nor is what is written meanwhile lost
    expect(status).to_contain_text("It holds")
    expect(section.locator("ol.taken li")).to_have_count(1)
    expect(line).to_have_value(goal)
    expect(write(section, goal)).to_contain_text("That is the goal, in 2 steps")

    section.get_by_role("button", name="Copy as a cell").click()
    expect(status).to_contain_text("Copied")
    names: dict[str, Any] = {}
    for cell in derivation_cells(BOOK / "vae/gaussian_kl.ipynb"):
        exec(cell, names)
    exec(page.evaluate("navigator.clipboard.readText()"), names)
    wanted = derivations()["vae/gaussian_kl"][exercise["chain"]].chain
    assert len(names["mine"].steps) == 2
    assert names["mine"].last.expression == wanted.lines[exercise["last"]].expression


def test_step_that_is_broken_is_refused(page: Page) -> None:
    """By touch of nothing but the keyboard; what opens has no barrier."""
    button = page.get_by_role("button", name="Break a step").first
    button.focus()
    page.keyboard.press("Enter")
    panel = page.locator(".change:not([hidden])")
    expect(panel.get_by_role("status")).to_contain_text("Change something")
    line = panel.get_by_role("textbox").input_value()
    assert line == "E(log(p(x)) - log(q(x)), law_p)"
    said = write(panel, "E(log(p(x)) + log(q(x)), law_p)")
    expect(said).to_contain_text("Does not hold")
    expect(write(panel, "E(log(p(x)/q(x)), law_p)")).to_contain_text("It holds")
    section = page.locator("#derive-kl-integrand")
    section.get_by_role("button", name="Begin").click()
    ready = "Ready. Write the line that comes next."
    expect(section.get_by_role("status")).to_have_text(ready)
    section.get_by_role("textbox").fill("x +")
    expect(section.locator(".unread")).to_be_visible()
    page.evaluate(AXE)
    for scheme, size in VIEWS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        opened = ["#derive-kl-integrand", ".change:not([hidden])"]
        found = page.evaluate("include => axe.run({include})", opened)
        barriers = [
            (rule["id"], [node["html"][:99] for node in rule["nodes"]])
            for rule in found["violations"]
        ]
        assert barriers == []
        assert page.evaluate("() => document.body.scrollWidth <= innerWidth")


def test_from_a_folder_and_without_scripts_the_page_is_whole(browser: Browser) -> None:
    page = browser.new_page()
    visit = Visit(page, (SITE / KL).as_uri(), KL)
    expect(page.locator("#derive-kl-integrand .status")).to_contain_text(
        "opened from a folder cannot run the checker"
    )
    assert visit.complaints == []
    page.close()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((SITE / KL).as_uri())
    section = page.locator("#derive-kl-integrand")
    expect(section.locator("math").first).to_be_visible()
    expect(section).to_contain_text("needs scripts")
    context.close()
