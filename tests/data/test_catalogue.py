"""Where files of data are looked for, and what is said of those that are not there."""

import itertools
import re
from pathlib import Path

import pytest

from lib.data import catalogue
from lib.data.catalogue import CorpusError, DataError

MNIST = (
    "set CHECKED_GRADIENTS_DATA or --data to the folder that holds MNIST/raw/*-ubyte, "
    "or let torchvision fetch MNIST with --download"
)
MULTI30K = (
    "set CHECKED_GRADIENTS_DATA or --data to the folder that holds "
    "multi30k/<split>.<language>.gz, or fetch Multi30k with --download"
)


def exactly(line: str) -> str:
    return f"^{re.escape(line)}$"


def test_data_lie_where_one_says_or_the_environment_or_here(monkeypatch) -> None:
    monkeypatch.setenv("CHECKED_GRADIENTS_DATA", "/there")
    assert catalogue.folder_of("mine") == catalogue.folder_of(Path("mine"))
    assert str(catalogue.folder_of("mine")) == "mine"
    assert str(catalogue.folder_of(None)) == "/there"
    monkeypatch.setenv("CHECKED_GRADIENTS_DATA", "")
    assert str(catalogue.folder_of(None)) == "data"
    monkeypatch.delenv("CHECKED_GRADIENTS_DATA")
    assert str(catalogue.folder_of("")) == "data"


def test_the_first_missing_file_of_mnist_is_named(tmp_path) -> None:
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for name in catalogue.MNIST_FILES:
        said = f"cannot read {folder / name} (No such file or directory): {MNIST}"
        with pytest.raises(DataError, match=exactly(said)):
            catalogue.require_mnist(tmp_path)
        (folder / name).touch()
    catalogue.require_mnist(str(tmp_path))


def test_the_first_missing_file_of_multi30k_is_named(tmp_path) -> None:
    folder = tmp_path / "multi30k"
    folder.mkdir()
    splits = ("train", "val", "test_2016_flickr")
    for split, language in itertools.product(splits, ("en", "cs")):
        path = folder / f"{split}.{language}.gz"
        said = f"cannot read {path} (No such file or directory): {MULTI30K}"
        with pytest.raises(CorpusError, match=exactly(said)):
            catalogue.require_multi30k(tmp_path, ["en", "cs"])
        path.touch()
    catalogue.require_multi30k(str(tmp_path), ["en", "cs"])
