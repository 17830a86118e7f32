"""Draw the rooms of lib/ and who imports whom into CONTRIBUTING.md.

    python -m tools.architecture            or make architecture

A room is a wing or a module that stands in lib/ itself. It stands one floor above the
highest room that it imports, so an arrow points down wherever the picture can be drawn
at all. The picture is Mermaid, which GitHub renders and which reads as text.
"""

import ast
from graphlib import TopologicalSorter
from itertools import chain

import grimp

from tools.digest import ROOT

PAGE = ROOT / "CONTRIBUTING.md"
BEGIN = "<!-- drawn by `make architecture` -->\n"
END = "<!-- until here -->\n"

Imports = dict[str, set[str]]  # of each room, the rooms that it imports


def imports() -> Imports:
    """Which rooms each room of lib/ imports from, read from the code."""
    graph = grimp.build_graph("lib", cache_dir=None)
    rooms = {module: module.split(".")[-1] for module in graph.find_children("lib")}
    return {
        room: {
            other
            for below, other in rooms.items()
            if below != module
            and graph.direct_import_exists(
                importer=module, imported=below, as_packages=True
            )
        }
        for module, room in rooms.items()
    }


def floors(imports: Imports) -> list[list[str]]:
    """The rooms of each floor, from the ground up.

    Raises graphlib.CycleError where rooms import each other in a circle.
    """
    floor: dict[str, int] = {}
    for room in TopologicalSorter(imports).static_order():
        floor[room] = max((floor[below] + 1 for below in imports[room]), default=0)
    return [
        sorted(room for room in floor if floor[room] == height)
        for height in range(max(floor.values()) + 1)
    ]


def label(room: str) -> str:
    """A room's name and the question that its door answers."""
    door = ROOT / "lib" / room / "__init__.py"
    if not door.exists():
        return f"python -m lib ({room})"
    docstring = ast.get_docstring(ast.parse(door.read_text("utf-8"))) or ""
    return f"{room}: {docstring.partition('?')[0].lower()}?"


def picture(imports: Imports) -> str:
    """The picture in Mermaid, and a sentence that counts what it shows."""
    storeys = floors(imports)
    lines = ["```mermaid", "flowchart TD"]
    for height, rooms in list(enumerate(storeys))[::-1]:
        title = f"floor {height}" if height else "ground floor"
        lines.append(f'    subgraph floor{height} ["{title}"]')
        lines += [f'        {room}["{label(room)}"]' for room in rooms]
        lines.append("    end")
    for room in chain.from_iterable(reversed(storeys)):
        if imports[room]:
            lines.append(f"    {room} --> {' & '.join(sorted(imports[room]))}")
    arrows = sum(map(len, imports.values()))
    count = f"{len(imports)} rooms on {len(storeys)} floors, {arrows} arrows"
    return "\n".join([*lines, "```", "", f"{count}, none back up.", ""])


def drawn(page: str, imports: Imports) -> str:
    """The page with the picture of these imports between its two marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{PAGE.name} needs the lines {BEGIN!r} and {END!r}")
    return f"{before}{begin}\n{picture(imports)}\n{end}{after}"


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text("utf-8"), imports()), "utf-8")
