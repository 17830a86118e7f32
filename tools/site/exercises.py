"""The exercises of a chapter, read from its cells, and the list of all of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from nbformat import NotebookNode

from .contents import chapters

DIRECTIVE = re.compile(
    r"(?P<fence>`{3,}|:{3,})\{(?P<kind>exercise|solution)(?P<part>-start|-end)?\}"
)
OPTION = re.compile(r":(label|class): *(.+)")
MINUTES = re.compile(r"minutes-(\d+)")
ENOUGH = 60  # characters by which one knows what is asked
SENTENCE = re.compile(r"(?<=[.?!]) (?=[A-Z])")


@dataclass
class Exercise:
    """Its text in Markdown, and the cells that a reader is to complete or to run."""

    label: str = ""
    minutes: int = 0
    lines: list[str] = field(default_factory=list)
    cells: list[NotebookNode] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()

    @property
    def beginning(self) -> str:
        """Its first sentences, as many as say something."""
        said = ""
        for sentence in SENTENCE.split(" ".join(self.text.split())):
            said = f"{said} {sentence}".strip()
            if len(said) > ENOUGH:
                break
        return said


class _Reader:
    """Reads cells in their order, and keeps what belongs to an exercise."""

    def __init__(self) -> None:
        self.found: list[Exercise] = []
        self.kind = ""  # what is being read: "exercise", "solution", or nothing
        self.fence = ""  # which ends the directive that is open
        self.spans = False  # over cells, up to a directive that ends it

    def read(self, cell: NotebookNode) -> None:
        if cell.cell_type == "code":
            if self.kind == "exercise":
                self.found[-1].cells.append(cell)
            return
        for line in cell.source.splitlines():
            self.read_line(line)
        if self.kind == "exercise":
            self.found[-1].lines.append("")

    def read_line(self, line: str) -> None:
        directive = None if self.fence else DIRECTIVE.match(line)
        if directive:
            self._open(directive)
        elif self.fence and line.strip() == self.fence:
            self._close()
        elif self.kind == "exercise":
            option = OPTION.match(line) if self.fence else None
            self._take(line, option)
        if line.startswith("#") and not self.fence:
            self.kind = ""

    def _open(self, directive: re.Match[str]) -> None:
        self.fence = directive["fence"]
        self.spans = directive["part"] is not None
        if directive["part"] != "-end":
            self.kind = directive["kind"]
            if self.kind == "exercise":
                self.found.append(Exercise())

    def _close(self) -> None:
        """End a directive; what follows an exercise is still given with it."""
        self.fence = ""
        if self.kind == "solution" and not self.spans:
            self.kind = ""

    def _take(self, line: str, option: re.Match[str] | None) -> None:
        exercise = self.found[-1]
        if option is None:
            exercise.lines.append(line)
        elif option[1] == "label":
            exercise.label = option[2]
        elif minutes := MINUTES.search(option[2]):
            exercise.minutes = int(minutes[1])


def exercises(cells: Iterable[NotebookNode]) -> list[Exercise]:
    """The exercises of a notebook, in its order.

    Raises ValueError for one that does not say its label and how long it takes.
    """
    reader = _Reader()
    for cell in cells:
        reader.read(cell)
    for exercise in reader.found:
        if not exercise.label or not exercise.minutes:
            name = exercise.label or exercise.text[:40]
            raise ValueError(
                f"the exercise {name!r} needs a :label: and its time, as in "
                "`:class: minutes-15`"
            )
    return reader.found


def sections() -> str:
    """A section for each part and chapter, with its exercises and their times."""
    parts: list[str] = []
    for chapter in chapters():
        if f"## {chapter.part}" not in parts:
            parts.append(f"## {chapter.part}")
        found = exercises(chapter.cells)
        total = sum(exercise.minutes for exercise in found)
        parts += [
            f"### {chapter.title}",
            f"{{doc}}`The chapter </book/{chapter.name}>`: {total} minutes together.",
            "\n".join(map(_item, found)),
        ]
    return "\n\n".join(parts)


def _item(exercise: Exercise) -> str:
    code = ", with code to complete" if exercise.cells else ""
    return (
        f"- {{ref}}`{exercise.label}`, {exercise.minutes} min{code}: "
        f"{exercise.beginning}"
    )


def counts() -> dict[str, int]:
    """How many exercises there are, and how many hours they take together."""
    found = [e for chapter in chapters() for e in exercises(chapter.cells)]
    hours = sum(exercise.minutes for exercise in found) / 60
    return {"exercises": len(found), "hours of exercises": round(hours)}
