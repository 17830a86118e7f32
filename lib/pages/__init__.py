"""What does a page show? Figures, tables, and pictures that a reader plays with."""

__all__ = ["figures", "marks", "playable", "tables"]
