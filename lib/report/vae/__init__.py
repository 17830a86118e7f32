"""The report's part on variational autoencoders."""

__all__ = ["symbols"]
