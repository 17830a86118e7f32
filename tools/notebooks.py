"""Run the book's notebooks and write them in one normal form.

    python -m tools.notebooks               every notebook whose digest is stale
    python -m tools.notebooks --all         every notebook
    python -m tools.notebooks PATH ...      these, stale or not

A notebook is formatted by ruff, executed from top to bottom in a new kernel, and
written without anything that changes from run to run: times and versions. A cell keeps
the id that it has, so that it can be cited. The notebook's metadata keeps a digest of
everything that its pictures depend on, so that a test can tell a picture that no longer
shows what the code computes. Notebooks that are fresh are brought to the normal form
without being executed.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from tools.digest import ROOT, digest

BOOK = ROOT / "book"
CELL_TIMEOUT = 600  # seconds
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "pygments_lexer": "ipython3",
}
CELL_METADATA = {"mystnb", "tags"}  # what an author sets


def book_notebooks() -> list[Path]:
    """Return every notebook of the book, in the order of their paths."""
    return sorted(
        path for path in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
    )


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def stored_digest(notebook: nbformat.NotebookNode) -> str | None:
    return notebook.metadata.get("checked_gradients", {}).get("digest")


# The normal form


def cell_id(cell: nbformat.NotebookNode, taken: set[str]) -> str:
    """Return the id that a cell keeps for life, or for a copied cell a new one."""
    if cell.id not in taken:
        return cell.id
    text = f"{cell.cell_type}\n{cell.source}"
    names = (hashlib.sha256(f"{text}{n}".encode()).hexdigest()[:8] for n in count())
    return next(name for name in names if name not in taken)


def normal_form(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a copy that holds nothing which changes from one run to the next."""
    cells: list[nbformat.NotebookNode] = []
    taken: set[str] = set()
    executed = 0
    for old in notebook.cells:
        cell = nbformat.from_dict(json.loads(json.dumps(old)))
        if not cell.source.strip():
            continue
        cell.id = cell_id(cell, taken)
        taken.add(cell.id)
        for key in set(cell.metadata) - CELL_METADATA:
            del cell.metadata[key]
        if "hide-input" in cell.metadata.get("tags", []):
            cell.metadata["jupyter"] = {"source_hidden": True}  # in JupyterLab, too
        cell.pop("attachments", None)
        if cell.cell_type == "code" and cell.execution_count is not None:
            executed += 1
            cell.execution_count = executed
        for output in cell.get("outputs", []):
            output.pop("transient", None)
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
        cells.append(cell)
    metadata = {"kernelspec": KERNEL, "language_info": LANGUAGE}
    if (value := stored_digest(notebook)) is not None:
        metadata["checked_gradients"] = {"digest": value}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook whole or not at all."""
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    if path.exists() and path.read_text("utf-8") == text:
        return
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, suffix=".part", delete=False
    ) as file:
        file.write(text)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


# The runs


def execute(path: Path) -> nbformat.NotebookNode:
    """Run a notebook in its folder, in a new kernel, and return it with its digest."""
    notebook = read(path)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name=KERNEL["name"],
        coalesce_streams=True,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    notebook.metadata["checked_gradients"] = {"digest": digest(notebook)}
    return notebook


def refresh(path: Path, *, force: bool) -> bool:
    """Bring one notebook up to date; return whether that succeeded."""
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", path], check=True)
    notebook = read(path)
    name = os.path.relpath(path)
    if not force and digest(notebook) == stored_digest(notebook):
        write(normal_form(notebook), path)
        print(f"fresh     {name}")
        return True
    start = time.monotonic()
    try:
        notebook = execute(path)
    except (CellExecutionError, CellTimeoutError) as error:
        print(f"failed    {name}, left as it was\n{error}", file=sys.stderr)
        return False
    write(normal_form(notebook), path)
    print(f"executed  {name} in {time.monotonic() - start:.0f} s")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description="Run and normalise the notebooks.")
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    parser.add_argument("--all", action="store_true", help="the fresh ones too")
    arguments = parser.parse_args()
    paths = [path.resolve() for path in arguments.paths]
    for path in paths:
        if path.suffix != ".ipynb" or not path.is_file():
            parser.error(f"{path} is not a notebook; give the path of an .ipynb file")
    # The pages are made without progress bars and without anyone's own data.
    os.environ["TQDM_DISABLE"] = "1"
    for name in ("CHECKED_GRADIENTS_DATA", "CHECKED_GRADIENTS_DEVICE"):
        os.environ.pop(name, None)
    force = arguments.all or bool(paths)
    done = [refresh(path, force=force) for path in paths or book_notebooks()]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
