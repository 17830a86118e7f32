"""The report's part on adversarial networks."""

__all__ = ["symbols"]
