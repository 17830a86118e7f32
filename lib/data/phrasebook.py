"""A translator without a network: templates and a dictionary, learned by counting.

It takes a phrase for a template with a gap. In each kind of phrase, one of the two
fillers brings the template ("{} kilometers"), the other one fills the gap ("5").
Where the two agree, as a unit does with its number, no one template is right for
every number: there it shows what a network adds.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .corpora import Phrase

Fillers = tuple[str, str]
Example = tuple[Fillers, str]  # fillers and the text that says them
Template = tuple[str, str]  # what stands before the gap, and what behind it
Form = TypeVar("Form", str, Template)
ROUNDS = 2  # of counting: the first corrects most guesses, the second the rest


@dataclass(frozen=True)
class Pattern:
    """How one language says one kind: the forms of each filler, with their counts.

    Filler number ``gap``, 0 or 1, stands in the gap; the other one has templates.
    """

    gap: int
    templates: dict[str, Counter[Template]]
    contents: dict[str, Counter[str]]

    def write(self, fillers: Fillers) -> str:
        """The usual content in the usual template, or "" for a filler never seen."""
        carrier, filler = fillers[1 - self.gap], fillers[self.gap]
        if carrier not in self.templates or filler not in self.contents:
            return ""
        before, behind = _usual(self.templates[carrier])
        return before + _usual(self.contents[filler]) + behind


Phrasebook = dict[str, Pattern]  # of one language, by kind


def learn(items: Iterable[Phrase], language: str) -> Phrasebook:
    """A language's pattern for each kind: of two, the one that says more examples."""
    examples: dict[str, list[Example]] = defaultdict(list)
    for item in items:
        examples[item.kind].append((item.fillers, item.texts[language]))
    book = {}
    for kind, known in examples.items():
        patterns = [_pattern(known, gap) for gap in (0, 1)]
        right = [sum(p.write(f) == text for f, text in known) for p in patterns]
        book[kind] = patterns[right.index(max(right))]
    return book


def translate(text: str, source: Phrasebook, target: Phrasebook) -> str:
    """What the target says for a text of the source; "" for a text not recognised."""
    meaning = read(text, source)
    return target[meaning[0]].write(meaning[1]) if meaning else ""


def read(text: str, book: Phrasebook) -> tuple[str, Fillers] | None:
    """The kind and the fillers that a text stands for, in any forms that were seen."""
    for kind, pattern in book.items():
        names = {form: name for name, own in pattern.contents.items() for form in own}
        for carrier, templates in pattern.templates.items():
            for template in templates:
                if name := names.get(_content(text, template)):
                    return kind, (carrier, name) if pattern.gap else (name, carrier)
    return None


def _pattern(examples: list[Example], gap: int) -> Pattern:
    """Guess what fills the gap from what a filler's texts share; then count by turns.

    A guess takes too much or too little where the texts are few; counting outvotes it.
    """
    texts: dict[str, list[str]] = defaultdict(list)
    for fillers, text in examples:
        texts[fillers[gap]].append(text)
    shared = {filler: _shared(own) for filler, own in texts.items()}
    contents = {filler: Counter([text]) for filler, text in shared.items() if text}
    templates: dict[str, Counter[Template]] = {}
    for _ in range(ROUNDS):
        templates = _templates(examples, gap, contents)
        contents = _contents(examples, gap, templates)
    return Pattern(gap, templates, contents)


def _templates(
    examples: list[Example], gap: int, contents: dict[str, Counter[str]]
) -> dict[str, Counter[Template]]:
    """What is left of each text without its usual content, by the other filler."""
    templates: dict[str, Counter[Template]] = defaultdict(Counter)
    for fillers, text in examples:
        if forms := contents.get(fillers[gap]):
            before, content, behind = text.partition(_usual(forms))
            if content:
                templates[fillers[1 - gap]][before, behind] += 1
    return dict(templates)


def _contents(
    examples: list[Example], gap: int, templates: dict[str, Counter[Template]]
) -> dict[str, Counter[str]]:
    """What fills the gap of the first template that fits, most frequent ones first."""
    contents: dict[str, Counter[str]] = defaultdict(Counter)
    for fillers, text in examples:
        for template, _ in templates.get(fillers[1 - gap], Counter()).most_common():
            if content := _content(text, template):
                contents[fillers[gap]][content] += 1
                break
    return dict(contents)


def _content(text: str, template: Template) -> str:
    """What fills the template's gap to give the text, or "" where nothing does."""
    before, behind = template
    fits = text.startswith(before) and text.endswith(behind)
    return text[len(before) : len(text) - len(behind)] if fits else ""


def _shared(texts: Sequence[str]) -> str:
    """The longest piece of the first text that is in all of them, or ""."""
    first, *others = texts
    for length in range(len(first), 0, -1):
        for start in range(len(first) - length + 1):
            piece = first[start : start + length]
            if all(piece in text for text in others):
                return piece
    return ""


def _usual(forms: Counter[Form]) -> Form:
    return max(forms, key=lambda form: (forms[form], form))
