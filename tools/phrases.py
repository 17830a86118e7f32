"""Write the parallel phrases of lib/data from Unicode CLDR through Babel.

    python -m tools.phrases

Each phrase says the same in eight languages, as CLDR formats it. Two fillers make it
what it is: a number and a unit, say. The table is frozen since CLDR's texts change
from version to version; the test of this script says whether the pinned Babel still
writes it. The digests that are printed belong into lib/data/corpora.py.

phrases.tsv holds phrases for learning and held-out ones; phrases_test.tsv others, whose
pairs of fillers occur in neither, for a judgement that nothing was chosen by.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import chain, combinations, product
from pathlib import Path

import babel
from babel import Locale
from babel.core import get_cldr_version
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency
from babel.units import format_unit

from lib.data.catalogue import LANGUAGES
from lib.data.corpora import PHRASES_FILE, TEST_PHRASES_FILE
from lib.training.records import write_atomically

ITEMS = 1200  # of each kind
HELD_OUT = 120  # of them
TEST = 120  # of each kind, beside them

# Every language's plural forms, none of them rare: Czech has another one for fractions
# and for 2 to 4, Russian for 21 and for 22 to 24 as well.
NUMBERS = """
    0.5 1.5 2.5 3.5 4.5 7.5 10.5 12.5 1 21 31 41 51 61 101 121 2 3 4 22 23 24 32 34 42
    43 102 104 5 6 7 8 9 10 11 12 14 15 16 20 25 30 50 75 100 1000 1250 3000 10000
"""
CURRENCIES = """
    EUR USD GBP CHF CZK PLN HUF SEK NOK DKK JPY CNY INR KRW AUD CAD NZD MXN BRL ARS ZAR
    TRY ILS EGP THB VND PHP IDR ISK RON BGN UAH
"""
# Not mass-ton, which CLDR takes for another ton in each language.
UNITS = """
    length-kilometer length-meter length-centimeter length-millimeter length-mile
    length-yard length-foot length-inch length-nautical-mile length-light-year
    area-square-kilometer area-square-meter area-hectare area-acre volume-liter
    volume-milliliter volume-cubic-meter volume-cubic-kilometer volume-gallon
    volume-barrel mass-kilogram mass-gram mass-milligram mass-tonne mass-pound
    mass-ounce speed-kilometer-per-hour speed-meter-per-second speed-mile-per-hour
    speed-knot temperature-celsius temperature-fahrenheit energy-calorie
    energy-kilowatt-hour power-watt power-kilowatt power-horsepower electric-volt
    frequency-hertz digital-megabyte graphics-pixel angle-degree
"""
COUNTRIES = """
    AR AT AU BE BG BR CA CH CL CN CO CU CY CZ DE DK DZ EE EG ES ET FI FR GB GR HR HU ID
    IE IL IN IQ IR IS IT JM JP KE KR LT LU LV MA MT MX MY NG NL NO NP NZ PE PH PL PT RO
    RS SA SE SI SK TH TN TR UA US UY VN ZA
"""
# The units of durations, from long to short, and how many of each there may be.
DURATIONS = {
    "year": range(1, 26),
    "month": range(1, 12),
    "day": range(1, 31),
    "hour": range(1, 24),
    "minute": range(1, 60),
    "second": range(1, 60),
}
FIRST_DAY = date(2023, 1, 1).toordinal()  # of a year without a 29 February
YEARS = range(1950, 2050)

Fillers = tuple[str, str]
Texts = tuple[str, ...]  # one in each of LANGUAGES
Item = tuple[str, Fillers, Texts]


def unit(number: str, name: str, language: str) -> str:
    """A number of units in full words. Raises ValueError where CLDR has no pattern.

    Without this look at the patterns Babel writes "5 duration-day" for a missing one.
    """
    locale = Locale.parse(language)
    form = locale.plural_form(Decimal(number))
    for length in ("long", "short"):  # CLDR's long patterns fall back on its short ones
        if form in locale._data["unit_patterns"][name].get(length, {}):
            return format_unit(Decimal(number), name, length, locale=locale)
    raise ValueError(f"CLDR has no pattern for {number} {name} in {language}")


def write_date(day_of_year: str, year: str, language: str) -> str:
    return format_date(date.fromisoformat(f"{year}-{day_of_year}"), "long", language)


def write_list(first: str, second: str, language: str) -> str:
    names = Locale.parse(language).territories
    return format_list([names[first], names[second]], locale=language)


def write_amount(number: str, currency: str, language: str) -> str:
    return format_currency(
        Decimal(number),
        currency,
        format="#,##0.##",
        locale=language,
        currency_digits=False,
        format_type="name",
    )


def write_duration(long: str, short: str, language: str) -> str:
    pairs = (filler.split(" ") for filler in (long, short))
    texts = [unit(number, f"duration-{name}", language) for number, name in pairs]
    return format_list(texts, "unit", locale=language)


def dates() -> Iterator[Fillers]:
    days = (date.fromordinal(FIRST_DAY + n).isoformat()[5:] for n in range(365))
    return product(days, map(str, YEARS))


def countries() -> Iterator[Fillers]:
    """Two countries in one order only: the other would give a held-out pair away."""
    return combinations(sorted(COUNTRIES.split(), key=rank), 2)


def durations() -> Iterator[Fillers]:
    for long, short in combinations(DURATIONS, 2):
        for n, m in product(DURATIONS[long], DURATIONS[short]):
            yield f"{n} {long}", f"{m} {short}"


# A kind, its pairs of fillers, and what writes a pair in a language
Writer = Callable[[str, str, str], str]
KINDS: dict[str, tuple[Callable[[], Iterator[Fillers]], Writer]] = {
    "date": (dates, write_date),
    "list": (countries, write_list),
    "amount": (lambda: product(NUMBERS.split(), CURRENCIES.split()), write_amount),
    "unit": (lambda: product(NUMBERS.split(), UNITS.split()), unit),
    "duration": (durations, write_duration),
}


def rank(key: object) -> str:
    """A fixed order that has nothing to do with what is ordered."""
    return hashlib.sha256(repr(key).encode()).hexdigest()


def ranked(kind: str) -> Iterator[Item]:
    """All phrases of a kind, in a fixed random order."""
    pairs, write = KINDS[kind]
    for fillers in sorted(pairs(), key=rank):
        yield kind, fillers, tuple(write(*fillers, language) for language in LANGUAGES)


def said(item: Item) -> set[tuple[str, str]]:
    """A phrase's texts, each with its language."""
    return set(zip(LANGUAGES, item[2], strict=True))


def taken(
    kind: str, count: int, seen: set[tuple[str, str]], fits: Callable[[Item], bool]
) -> list[Item]:
    """The first of a kind that fit and whose texts are new; ``seen`` grows by these."""
    chosen: list[Item] = []
    for item in ranked(kind):
        if not said(item) & seen and fits(item):
            seen |= said(item)
            chosen.append(item)
        if len(chosen) == count:
            return chosen
    raise ValueError(f"too few pairs of fillers for {count} items of {kind}")


def items() -> list[Item]:
    """The phrases, kind by kind, in a fixed random order; no text occurs twice."""
    seen: set[tuple[str, str]] = set()
    every = (taken(kind, ITEMS, seen, lambda item: True) for kind in KINDS)
    return list(chain.from_iterable(every))


def parts(item: Item) -> set[tuple[str, ...]]:
    """What must occur in training, too: the fillers, and each language's words.

    A word, a digit or a sign counts as another one after a space and without.
    """
    kind, fillers, texts = item
    words = {
        (language, word)
        for language, text in zip(LANGUAGES, texts, strict=True)
        for word in re.findall(r"\s?[^\W\d_]+|\s?\d|\s?[^\w\s]|\s", text)
    }
    return words | {(kind, place, f) for place, f in zip("12", fillers, strict=True)}


def hold_out(chosen: list[Item]) -> set[int]:
    """The places of the held-out items, of each kind the first that can be spared.

    An item can be spared where all its parts occur in another one that is kept.
    """
    counts = Counter(chain.from_iterable(map(parts, chosen)))
    held_out: set[int] = set()
    left = dict.fromkeys(KINDS, HELD_OUT)
    for place, item in enumerate(chosen):
        own = parts(item)
        if left[item[0]] and all(counts[part] > 1 for part in own):
            counts.subtract(own)
            held_out.add(place)
            left[item[0]] -= 1
    if any(left.values()):
        raise ValueError(f"these cannot be held out: {left}")
    return held_out


def for_test(chosen: list[Item], held_out: set[int]) -> list[Item]:
    """Phrases beside the chosen ones, with all their parts in those for learning."""
    learnt = [item for place, item in enumerate(chosen) if place not in held_out]
    known = set(chain.from_iterable(map(parts, learnt)))
    seen = set(chain.from_iterable(map(said, chosen)))
    every = (
        taken(kind, TEST, seen, lambda item: parts(item) <= known) for kind in KINDS
    )
    return list(chain.from_iterable(every))


def table(rows: Iterable[tuple[Item, str]]) -> bytes:
    """A table: comments, a head, and one phrase with its split in each line."""
    lines = [
        "# Parallel phrases from Unicode CLDR, written by tools/phrases.py",
        f"# CLDR {get_cldr_version()}, Babel {babel.__version__}",
        "# © 2004-2025 Unicode, Inc. Unicode License v3, see THIRD_PARTY.md.",
        "\t".join(["kind", "filler 1", "filler 2", "split", *LANGUAGES]),
    ]
    for (kind, fillers, texts), split in rows:
        lines.append("\t".join([kind, *fillers, split, *texts]))
    return ("\n".join(lines) + "\n").encode()


def tables() -> dict[Path, bytes]:
    """What stands in each file."""
    chosen = items()
    held_out = hold_out(chosen)
    split = ("held out" if i in held_out else "train" for i in range(len(chosen)))
    others = for_test(chosen, held_out)
    return {
        PHRASES_FILE: table(zip(chosen, split, strict=True)),
        TEST_PHRASES_FILE: table((item, "test") for item in others),
    }


def main() -> None:
    names = {PHRASES_FILE: "PHRASES_SHA256", TEST_PHRASES_FILE: "TEST_PHRASES_SHA256"}
    for path, content in tables().items():
        write_atomically(path, content)
        digest = hashlib.sha256(content).hexdigest()
        print(f"{path.name}: lib/data/corpora.py needs {names[path]} =\n{digest}")


if __name__ == "__main__":
    main()
