"""A browser is found where it is, and installed by what a system has."""

import shutil
import subprocess

import pytest

from tools import browser


def system(monkeypatch, *programs: str) -> list[list[str]]:
    """Let a system have these programs alone; return the commands that it will run."""
    ran: list[list[str]] = []

    def run(command: list[str]) -> subprocess.CompletedProcess:
        ran.append(command)
        return subprocess.CompletedProcess(command, returncode=0)

    monkeypatch.setattr(shutil, "which", {name: name for name in programs}.get)
    monkeypatch.setattr(subprocess, "run", run)
    return ran


@pytest.mark.parametrize("place", browser.PLACES)
def test_a_browser_that_is_here_is_found_and_nothing_installed(monkeypatch, place):
    ran = system(monkeypatch, place, "apt-get", "env")
    assert browser.find() == place
    browser.install()
    assert ran == []


@pytest.mark.parametrize("user", [0, 1000])
@pytest.mark.parametrize("manager", browser.INSTALL)
def test_a_package_manager_is_called_with_the_rights_it_needs(
    monkeypatch, manager: str, user: int
) -> None:
    ran = system(monkeypatch, manager, "sudo", "env")
    monkeypatch.setattr("os.geteuid", lambda: user)
    browser.install()
    assert [" ".join(command).removeprefix("sudo ") for command in ran] == list(
        browser.INSTALL[manager]
    )
    as_root = user != 0 and manager != "brew"  # which refuses to run as root
    assert all((command[0] == "sudo") == as_root for command in ran)


def test_without_a_package_manager_there_is_a_word_of_advice(monkeypatch):
    system(monkeypatch)
    with pytest.raises(SystemExit, match="by hand"):
        browser.install()


def test_a_failed_installation_is_an_error(monkeypatch):
    system(monkeypatch, "dnf")  # and no sudo
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(SystemExit, match="by hand"):
        browser.install()
