"""What does a page show? Figures, tables, source, and pictures to play with."""

__all__ = [
    "figures",
    "graph",
    "marks",
    "playable",
    "sources",
    "tables",
    "translator",
]
