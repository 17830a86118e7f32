"""Pins move to the newest versions, but for those that say why they stay."""

import subprocess

import pytest

from tools import lock

REQUIREMENTS = """\
# The book
Sphinx_Theme==1.1.4  # stays: newer ones draw a bar

torch==2.14.1
"""
BEFORE = """\
numpy==2.4.6 \\
    --hash=sha256:01
    # via torch
six==1.17.0 \\
    --hash=sha256:02
sphinx-theme==1.1.4 \\
    --hash=sha256:03
torch==2.14.1 ; sys_platform == 'linux' \\
    --hash=sha256:04
"""
AFTER = BEFORE.replace("torch==2.14.1", "torch==2.15.0").replace("six", "seven")


def test_a_pin_that_stays_keeps_its_version():
    loose = REQUIREMENTS.replace("torch==2.14.1", "torch")
    assert lock.loosened(REQUIREMENTS) == loose


def test_requirements_take_their_versions_from_the_lock():
    moved = REQUIREMENTS.replace("2.14.1", "2.15.0")
    assert lock.moved_to(REQUIREMENTS, AFTER) == moved


def test_what_moved_came_and_went_is_a_table():
    assert lock.changes(BEFORE, AFTER).splitlines()[2:] == [
        "| seven |  | 1.17.0 |",
        "| six | 1.17.0 |  |",
        "| torch | 2.14.1 | 2.15.0 |",
    ]


def test_a_failed_resolution_leaves_the_requirements(monkeypatch, tmp_path):
    def fail(*options: str) -> None:
        raise subprocess.CalledProcessError(1, "uv")

    monkeypatch.setattr(lock, "compile_lock", fail)
    monkeypatch.setattr(lock, "REQUIREMENTS", tmp_path / "requirements.txt")
    monkeypatch.setattr(lock, "LOCK", tmp_path / "requirements.lock")
    lock.REQUIREMENTS.write_text(REQUIREMENTS, "utf-8")
    lock.LOCK.write_text(BEFORE, "utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        lock.newest()
    assert lock.REQUIREMENTS.read_text("utf-8") == REQUIREMENTS
