"""The script that writes the table of phrases, and the Babel that it asks."""

import pytest
from babel.units import format_unit

from lib.data.catalogue import LANGUAGES
from lib.data.corpora import PHRASES_FILE, TEST_PHRASES_FILE
from tools import phrases


def test_pinned_babel_still_writes_the_tables() -> None:
    written = phrases.tables()
    assert written.keys() == {PHRASES_FILE, TEST_PHRASES_FILE}
    for path, content in written.items():
        assert path.read_bytes() == content


def test_a_missing_pattern_is_not_papered_over() -> None:
    assert format_unit(5, "duration-day", "long", locale="ja") == "5 duration-day"
    assert phrases.unit("5", "duration-day", "ja") == "5 日"
    with pytest.raises(ValueError, match="no pattern for 1 pressure-bar in it"):
        phrases.unit("1", "pressure-bar", "it")


@pytest.mark.parametrize(
    ("number", "czech", "russian"),
    [
        ("1", "1 libra", "1 фунт"),
        ("1.5", "1,5 libry", "1,5 фунта"),
        ("3", "3 libry", "3 фунта"),
        ("5", "5 liber", "5 фунтов"),
        ("21", "21 liber", "21 фунт"),
        ("1000", "1\N{NO-BREAK SPACE}000 liber", "1\N{NO-BREAK SPACE}000 фунтов"),
    ],
)
def test_units_agree_with_their_numbers(number: str, czech: str, russian: str) -> None:
    assert phrases.unit(number, "mass-pound", "cs") == czech
    assert phrases.unit(number, "mass-pound", "ru") == russian


def item(kind: str, first: str, second: str, text: str) -> phrases.Item:
    return kind, (first, second), (text,) * len(LANGUAGES)


def test_only_what_occurs_elsewhere_is_held_out(monkeypatch) -> None:
    monkeypatch.setattr(phrases, "KINDS", {"list": ()})
    chosen = [
        item("list", "a", "x", "only here"),  # its words are nowhere else
        item("list", "a", "y", "a y"),
        item("list", "b", "y", "b y"),
        item("list", "b", "x", "b x"),
        item("list", "a", "z", "a x"),
    ]
    monkeypatch.setattr(phrases, "HELD_OUT", 2)
    assert phrases.hold_out(chosen) == {1, 3}  # "b y" has the last y by then
    monkeypatch.setattr(phrases, "HELD_OUT", 3)  # and "a x" has the only z
    with pytest.raises(ValueError, match="cannot be held out"):
        phrases.hold_out(chosen)


def test_of_two_items_with_one_text_only_the_first_is_kept(monkeypatch) -> None:
    def write(first: str, second: str, language: str) -> str:
        return "one" if language == "ja" and second != "c" else first + second

    pairs = [("a", "a"), ("a", "b"), ("a", "c")]
    monkeypatch.setattr(phrases, "KINDS", {"list": (lambda: iter(pairs), write)})
    monkeypatch.setattr(phrases, "rank", pairs.index)
    monkeypatch.setattr(phrases, "ITEMS", 2)
    kept = [fillers for _, fillers, _ in phrases.items()]
    assert kept == [("a", "a"), ("a", "c")]
    monkeypatch.setattr(phrases, "ITEMS", 3)
    with pytest.raises(ValueError, match="too few"):
        phrases.items()


def test_test_phrases_are_new_and_made_of_what_is_learnt(monkeypatch) -> None:
    def write(first: str, second: str, language: str) -> str:
        return f"{first} {second}"

    pairs = [("a", "x"), ("b", "y"), ("b", "x"), ("c", "x"), ("a", "y"), ("a", "x")]
    monkeypatch.setattr(phrases, "KINDS", {"list": (lambda: iter(pairs), write)})
    monkeypatch.setattr(phrases, "rank", pairs.index)
    learnt, held = [], []
    for first, second in pairs[:2]:
        learnt.append(item("list", first, second, f"{first} {second}"))
    held.append(item("list", "b", "x", "b x"))
    monkeypatch.setattr(phrases, "TEST", 1)  # "c" is in no phrase for learning
    [only] = phrases.for_test([*learnt, *held], {2})
    assert only[1] == ("a", "y")
    monkeypatch.setattr(phrases, "TEST", 2)
    with pytest.raises(ValueError, match="too few"):
        phrases.for_test([*learnt, *held], {2})
