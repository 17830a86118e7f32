"""What stops a training."""


class TrainingError(Exception):
    """Training cannot start or go on; the message says why, and what to do."""


def require_count(**arguments: object) -> None:
    """Raises ValueError for what is no whole number from 1 on."""
    for name, value in arguments.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name} must be a whole number from 1 on, not {value!r}")
