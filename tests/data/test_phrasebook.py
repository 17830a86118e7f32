"""The translator by templates: what it can learn, and what is beyond it."""

from collections import Counter

import pytest

from lib.data import phrasebook
from lib.data.corpora import Phrase, phrases
from lib.data.phrasebook import learn, read, translate

FRUITS = {"apple": "pomme", "pear": "poire", "fig": "figue", "plum": "prune"}
COLOURS = {"red": "rouge", "pale": "pâle", "green": "verte"}


def item(colour: str, fruit: str) -> Phrase:
    french = f"une {FRUITS[fruit]} {COLOURS[colour]}"
    texts = {"en": f"the {colour} {fruit}", "fr": french}
    return Phrase("fruit", (colour, fruit), False, texts)


def without(colour: str, fruit: str) -> list[Phrase]:
    """All items but this one."""
    pairs = [(c, f) for c in COLOURS for f in FRUITS if (c, f) != (colour, fruit)]
    return [item(*pair) for pair in pairs]


def test_words_in_another_order_are_put_together_anew() -> None:
    train = without("pale", "fig")
    english, french = learn(train, "en"), learn(train, "fr")
    assert translate("the pale fig", english, french) == "une figue pâle"
    assert translate("une figue pâle", french, english) == "the pale fig"
    assert read("une figue pâle", french) == ("fruit", ("pale", "fig"))


@pytest.mark.parametrize("text", ["the blue fig", "a pale fig", "the pale fig ", ""])
def test_what_is_not_recognised_gives_nothing(text: str) -> None:
    train = without("pale", "fig")
    assert translate(text, learn(train, "en"), learn(train, "fr")) == ""


@pytest.mark.parametrize("filler", ["pale", "fig"])
def test_what_the_target_never_saw_gives_nothing(filler: str) -> None:
    train = without("pale", "fig")
    others = [i for i in train if filler not in i.fillers]
    assert translate("the pale fig", learn(train, "en"), learn(others, "fr")) == ""


PLURALS = {"foot": "feet", "mouse": "mice", "child": "children", "man": "men"}


def count(number: str, word: str, plurals: dict[str, str]) -> Phrase:
    text = f"{number} {word if number == '1' else plurals[word]}"
    return Phrase("count", (number, word), False, {"en": text})


def test_the_usual_form_stands_for_all() -> None:
    """Every form is recognised, but the plural is said of a single one, too."""
    pairs = [
        (n, word) for n in "1234" for word in PLURALS if (n, word) != ("1", "foot")
    ]
    book = learn([count(*pair, PLURALS) for pair in pairs], "en")
    assert read("1 mouse", book) == ("count", ("1", "mouse"))
    assert book["count"].write(("3", "foot")) == "3 feet"
    assert book["count"].write(("1", "foot")) == "1 feet"


def test_of_two_ways_the_one_that_says_more_is_taken() -> None:
    """Where all plurals end alike, the ending can belong to the number."""
    plurals = {word: word + "s" for word in ("cat", "dog", "bird", "whale")}
    items = [count(n, word, plurals) for n in "1234" for word in plurals]
    book = learn([i for i in items if i.fillers != ("1", "cat")], "en")
    assert book["count"].write(("1", "cat")) == "1 cat"
    assert read("3 whales", book) == ("count", ("3", "whale"))


def test_texts_that_share_nothing_teach_nothing() -> None:
    items = [Phrase("noise", ("a", n), False, {"en": n * 3}) for n in "xyz"]
    assert learn(items, "en")["noise"].write(("a", "x")) in ("", "xxx")


@pytest.mark.parametrize(
    ("texts", "piece"),
    [
        (["1 cat", "1 dog"], "1 "),
        (["1 cat", "dog 1"], "1"),
        (["ab", "b a"], "a"),  # of two as long, the first
        (["ab", "cd"], ""),
    ],
)
def test_texts_share_their_longest_piece(texts: list[str], piece: str) -> None:
    assert phrasebook._shared(texts) == piece


def test_a_template_is_what_is_left_of_the_first_place() -> None:
    found = phrasebook._templates([(("a", "b"), "x or x")], 1, {"b": Counter(["x"])})
    assert found == {"a": {("", " or x"): 1}}


def test_on_the_table_it_fails_just_where_words_agree() -> None:
    table = phrases()
    english, czech = (learn(table.train, language) for language in ("en", "cs"))
    right: dict[str, list[bool]] = {kind: [] for kind in table.kinds}
    for held_out in table.held_out:
        said = translate(held_out.texts["en"], english, czech)
        right[held_out.kind].append(said == held_out.texts["cs"])
    share = {kind: sum(values) / len(values) for kind, values in right.items()}
    assert share["date"] == share["list"] == share["duration"] == 1
    assert 0.5 < share["amount"] < 0.9
    assert 0.5 < share["unit"] < 0.9
