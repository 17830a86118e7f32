"""Parallel texts: phrases from Unicode CLDR, which come along, or the corpus Multi30k.

The phrases are frozen tables beside this module, written by tools/phrases.py. The
sentences of Multi30k are read from their files, and fetched only when asked for.
"""

import gzip
import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .catalogue import (
    MULTI30K,
    MULTI30K_SHA256,
    SPLITS,
    CorpusError,
    folder_of,
    unread_multi30k,
)
from .fetching import alone_in, in_one_line

PHRASES_FILE = Path(__file__).with_name("phrases.tsv")
TEST_PHRASES_FILE = Path(__file__).with_name("phrases_test.tsv")
PHRASES_SHA256 = "a466780d3f1a1eed4d35688cb1f4567fe42668283291ec1249336a0e5c25e8e0"
TEST_PHRASES_SHA256 = "72b2cf55dcda46de382cd07e4b8fb6e09f9a7d4d5014e4c90d78aae6f4746d54"

# The corpus's own repository, at a commit that has all four languages.
MULTI30K_URL = (
    "https://raw.githubusercontent.com/multi30k/dataset/"
    "2cc0f2d7c615b60e07e2d51bb5edc004444d7e0e/data/task1/raw"
)
# ----------------------------------------------------------------------------- phrases


@dataclass(frozen=True)
class Phrase:
    """The same in every language; two fillers, say a number and a unit, make it so.

    Where ``held_out``, no phrase for training has the same two fillers; each of them
    and each word of ``texts``, by language, occurs in phrases for training.
    """

    kind: str
    fillers: tuple[str, str]
    held_out: bool
    texts: dict[str, str]


@dataclass(frozen=True)
class Phrases:
    """The table of phrases; ``source`` says in words where they come from."""

    source: str
    sha256: str
    languages: tuple[str, ...]
    kinds: tuple[str, ...]
    items: tuple[Phrase, ...]

    @property
    def train(self) -> tuple[Phrase, ...]:
        return tuple(item for item in self.items if not item.held_out)

    @property
    def held_out(self) -> tuple[Phrase, ...]:
        return tuple(item for item in self.items if item.held_out)


@cache
def phrases() -> Phrases:
    """Dates, lists of countries, amounts, units and durations in eight languages.

    Raises CorpusError where the table is not the one that belongs to this module.
    """
    return _table(PHRASES_FILE, PHRASES_SHA256)


@cache
def phrases_for_test() -> Phrases:
    """Phrases that nothing was learnt from or chosen by, all of them held out.

    Raises CorpusError where the table is not the one that belongs to this module.
    """
    return _table(TEST_PHRASES_FILE, TEST_PHRASES_SHA256)


def _table(path: Path, sha256: str) -> Phrases:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorpusError(
            f"cannot read {path} ({error.strerror}): `make phrases` writes it"
        ) from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise CorpusError(
            f"{path} is not the table that it should be (SHA-256 "
            f"{digest[:12]}…): `make phrases` writes it again"
        )
    lines = content.decode().split("\n")[:-1]
    version = lines[1].removeprefix("# ")
    languages = tuple(lines[3].split("\t")[4:])
    items = []
    for line in lines[4:]:
        kind, first, second, split, *texts = line.split("\t")
        by_language = dict(zip(languages, texts, strict=True))
        items.append(Phrase(kind, (first, second), split != "train", by_language))
    return Phrases(
        source=f"phrases of Unicode {version}",
        sha256=digest,
        languages=languages,
        kinds=tuple(dict.fromkeys(item.kind for item in items)),
        items=tuple(items),
    )


# ---------------------------------------------------------------------------- Multi30k


@dataclass(frozen=True)
class Parallel:
    """Sentences by language; those of one number say the same in each.

    ``source`` says which texts these are, in words; ``sha256`` holds the digest of
    the content of each file.
    """

    source: str
    sha256: dict[str, str]
    train: dict[str, list[str]]
    validation: dict[str, list[str]]
    test: dict[str, list[str]]


def multi30k(
    languages: Sequence[str] = MULTI30K,
    folder: str | Path | None = None,
    *,
    download: bool = False,
    accept_unknown: bool = False,
) -> Parallel:
    """Descriptions of pictures, in two to four of English, German, French and Czech.

    They are read from ``folder``, or else from the folder that the environment
    variable CHECKED_GRADIENTS_DATA names, or else from ``data``, as
    ``multi30k/<split>.<language>.gz``. With ``download`` missing files are fetched
    there first. Content that is unknown is refused unless ``accept_unknown``.
    Raises CorpusError.
    """
    if unknown := [name for name in languages if name not in MULTI30K]:
        raise CorpusError(
            f"Multi30k has no {unknown[0]!r}: its languages are {', '.join(MULTI30K)}"
        )
    folder = folder_of(folder) / "multi30k"
    sha256: dict[str, str] = {}
    texts: dict[str, dict[str, list[str]]] = {}
    for split, file in SPLITS.items():
        texts[split] = {}
        for language in languages:
            name = f"{file}.{language}"
            path = folder / f"{name}.gz"
            if download and not path.exists():
                _fetch(path, MULTI30K_SHA256[name])
            content = _read(path)
            sha256[name] = hashlib.sha256(content).hexdigest()
            if sha256[name] != MULTI30K_SHA256[name] and not accept_unknown:
                raise CorpusError(
                    f"{path} is not the Multi30k file that it should be (SHA-256 "
                    f"{sha256[name][:12]}…): delete it and fetch it with --download, "
                    "or pass --accept-unknown-data to use it as it is"
                )
            texts[split][language] = _lines(path, content)
        _check_aligned(folder / file, texts[split])
    odd = [name for name, digest in sha256.items() if digest != MULTI30K_SHA256[name]]
    source = f"unknown content in {', '.join(odd)}" if odd else "the official files"
    return Parallel(source=f"Multi30k, {source}", sha256=sha256, **texts)


def _read(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise CorpusError(
            f"{path} is not a gzip file, or it is cut short: delete it and fetch it "
            "again with --download"
        ) from None
    except OSError as error:
        raise unread_multi30k(path, error) from None


def _lines(path: Path, content: bytes) -> list[str]:
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError:
        raise CorpusError(
            f"{path} is not text in UTF-8: delete it and fetch it again with --download"
        ) from None
    return lines[:-1] if lines[-1] == "" else lines


def _check_aligned(file: Path, texts: dict[str, list[str]]) -> None:
    counts = {language: len(lines) for language, lines in texts.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{n} in .{language}.gz" for language, n in counts.items())
        raise CorpusError(
            f"{file} has not as many lines in each language ({listed}): delete the "
            "files and fetch them again with --download"
        )
    if not min(counts.values()):
        raise CorpusError(
            f"{file}.*.gz hold no line: delete the files and fetch them again with "
            "--download"
        )


def _fetch(path: Path, sha256: str) -> None:
    """Fetch a gzip file whose content has this digest, or go on where it broke off."""
    url = f"{MULTI30K_URL}/{path.name}"
    partial = path.with_name(path.name + ".partial")
    try:
        with alone_in(path.parent):
            if path.exists():  # who held the folder before has fetched it
                return
            start = partial.stat().st_size if partial.exists() else 0
            expected = _fetch_rest(url, partial, start)
            if (size := partial.stat().st_size) < expected:
                raise CorpusError(
                    f"{url} broke off after {size} of {expected} bytes: the same "
                    "command again goes on from there"
                )
            _keep(partial, path, url, sha256)
    # ValueError is for addresses and numbers of a server that are none.
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CorpusError(
            f"cannot fetch {url}: {in_one_line(error)}: once that is mended, the same "
            "command again goes on"
        ) from None


def _keep(partial: Path, path: Path, url: str, sha256: str) -> None:
    """Give a fetched file its name, if its content is the right one."""
    try:
        digest = hashlib.sha256(gzip.decompress(partial.read_bytes())).hexdigest()
    except (EOFError, gzip.BadGzipFile, zlib.error):
        digest = None
    if digest != sha256:
        partial.unlink()
        raise CorpusError(
            f"{url} is not the Multi30k file that it should be, and was not kept: try "
            f"again, or put the right one at {path}"
        )
    partial.replace(path)


def _fetch_rest(url: str, partial: Path, start: int) -> int:
    """Append to ``partial`` what follows its ``start`` bytes; the size of the whole."""
    headers = {"Range": f"bytes={start}-"} if start else {}
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            if response.status != http.HTTPStatus.PARTIAL_CONTENT:
                start = 0  # the server sends the whole again
            with partial.open("ab" if start else "wb") as file:
                shutil.copyfileobj(response, file)
            return start + int(response.headers.get("Content-Length", 0))
    except urllib.error.HTTPError as error:
        if start and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return start  # all of it is there
        raise
