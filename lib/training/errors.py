"""What stops a training."""


class TrainingError(Exception):
    """Training cannot start or go on; the message says why, and what to do."""
