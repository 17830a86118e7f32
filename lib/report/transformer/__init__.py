"""The report's part on Transformers."""

__all__ = ["symbols"]
