"""Small notebooks, for the tests to show to a check."""

import nbformat
from nbformat import NotebookNode


def notebook(*cells: NotebookNode) -> NotebookNode:
    return nbformat.v4.new_notebook(cells=list(cells))


def code(source: str, **metadata: object) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata=metadata, execution_count=1)


def text(source: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source)
