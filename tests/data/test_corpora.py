"""Parallel texts: what the phrases promise, and that no damaged file is read."""

import errno
import gzip
import hashlib
import os
import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lib.data import corpora
from lib.data.corpora import CorpusError, Phrases, multi30k


@pytest.fixture(scope="module")
def table() -> Phrases:
    return corpora.phrases()


# The phrases


def test_every_kind_is_said_in_every_language(table) -> None:
    assert table.languages == ("en", "de", "fr", "it", "cs", "ru", "el", "ja")
    assert table.kinds == ("date", "list", "amount", "unit", "duration")
    assert set(Counter(item.kind for item in table.items).values()) == {1200}
    assert set(Counter(item.kind for item in table.held_out).values()) == {120}
    assert len(table.train) == 5400
    for item in table.items:
        assert tuple(item.texts) == table.languages
        assert all(text == text.strip() != "" for text in item.texts.values())


# Facts about the languages, beside those that the table was written from.
@pytest.mark.parametrize(
    ("language", "kind", "pattern"),
    [
        ("en", "date", r"[A-Z][a-z]+ \d{1,2}, \d{4}"),
        ("de", "date", r"\d{1,2}\. [A-Z][a-zä]+ \d{4}"),
        ("ja", "date", r"\d{4}年\d{1,2}月\d{1,2}日"),
        ("en", "list", r"\D+ and \D+"),
        ("cs", "list", r"\D+ a\xa0\D+"),
        ("el", "list", r"\D+ και \D+"),
        ("en", "amount", r"[\d.,]+ [A-Za-zó ]+"),
        ("fr", "amount", r"\d[\d,\u202f]* [^\d]+"),
        ("ru", "unit", r"\d[\d,\xa0]* [^\W\d_][^\d]+"),
        ("fr", "duration", r"\d+\s[a-z]+ et \d+\s[a-z]+"),
    ],
)
def test_texts_have_the_form_of_their_kind(table, language, kind, pattern) -> None:
    texts = [item.texts[language] for item in table.items if item.kind == kind]
    assert [text for text in texts if not re.fullmatch(pattern, text)] == []


def test_no_identifier_stands_for_a_missing_text(table) -> None:
    for item in table.items:
        for text in item.texts.values():
            assert not re.search(r"[a-z]+-(per-)?[a-z]+-[a-z]+|duration|[A-Z]{3}", text)
    names = {item.fillers[1] for item in table.items if item.kind == "unit"}
    assert "mass-ton" not in names


def test_no_text_has_two_translations(table) -> None:
    for language in table.languages:
        counts = Counter(item.texts[language] for item in table.items)
        assert [text for text, n in counts.items() if n > 1] == []


def test_held_out_pairs_are_new_and_their_fillers_are_not(table) -> None:
    pairs = {(item.kind, frozenset(item.fillers)) for item in table.train}
    fillers = {
        (item.kind, place, filler)
        for item in table.train
        for place, filler in enumerate(item.fillers)
    }
    assert len({i.fillers for i in table.held_out}) == len(table.held_out)
    for item in table.held_out:
        assert (item.kind, frozenset(item.fillers)) not in pairs
        for place, filler in enumerate(item.fillers):
            assert (item.kind, place, filler) in fillers


def test_every_word_and_digit_of_a_held_out_text_occurs_in_training(table) -> None:
    for language in table.languages:
        words, held_out = (
            {w for i in items for w in re.findall(r"[^\W\d_]+|.", i.texts[language])}
            for items in (table.train, table.held_out)
        )
        assert held_out <= words


def test_test_phrases_are_neither_learnt_nor_held_out(table) -> None:
    test = corpora.phrases_for_test().held_out
    assert Counter(i.kind for i in test) == dict.fromkeys(table.kinds, 120)
    pairs = {(i.kind, frozenset(i.fillers)) for i in table.items}
    assert len({(i.kind, frozenset(i.fillers)) for i in test} - pairs) == len(test)
    for language in table.languages:
        words, met = (
            {w for i in items for w in re.findall(r"[^\W\d_]+|.", i.texts[language])}
            for items in (table.train, test)
        )
        assert met <= words
        texts = {i.texts[language] for i in table.items}
        assert not texts & {i.texts[language] for i in test}


def test_plural_forms_are_as_frequent_as_they_need_be(table) -> None:
    """A fifth of the amounts is not of the form that Czech has after 5."""
    amounts = [item for item in table.items if item.kind == "amount"]
    euros = {i.fillers[0]: i.texts["cs"] for i in amounts if i.fillers[1] == "EUR"}
    assert {text.split()[-1] for text in euros.values()} >= {"eura", "eur"}
    others = sum(i.fillers[0] in "1234" or "." in i.fillers[0] for i in amounts)
    assert others > len(amounts) / 5


def test_the_source_names_the_versions(table) -> None:
    assert re.fullmatch(r"phrases of Unicode CLDR \d+, Babel [\d.]+", table.source)
    content = corpora.PHRASES_FILE.read_bytes()
    assert table.sha256 == hashlib.sha256(content).hexdigest()


def test_a_missing_or_changed_table_is_refused(tmp_path, monkeypatch) -> None:
    read = corpora.phrases.__wrapped__  # what is behind the cache
    content = corpora.PHRASES_FILE.read_bytes()
    file = tmp_path / "phrases.tsv"
    monkeypatch.setattr(corpora, "PHRASES_FILE", file)
    with pytest.raises(CorpusError, match=r"phrases\.tsv .*make phrases"):
        read()
    file.write_bytes(content.replace(b"euros", b"Euros", 1))
    with pytest.raises(CorpusError, match=r"phrases\.tsv .*make phrases"):
        read()
    file.write_bytes(content)
    assert len(read().items) == 6000


# Multi30k

LINES = {"train": 5, "val": 2, "test_2016_flickr": 3}


@pytest.fixture
def contents(monkeypatch) -> dict[str, bytes]:
    """The contents of a tiny corpus, by file; their digests are the known ones."""
    made = {
        f"{split}.{language}": "".join(
            f"{split} {language} {n}\u2028é\n" for n in range(lines)
        ).encode()
        for split, lines in LINES.items()
        for language in corpora.MULTI30K
    }
    digests = {name: hashlib.sha256(made[name]).hexdigest() for name in made}
    monkeypatch.setattr(corpora, "MULTI30K_SHA256", digests)
    return made


@pytest.fixture
def folder(contents, tmp_path) -> Path:
    """A folder that holds the tiny corpus."""
    (tmp_path / "multi30k").mkdir()
    for name, content in contents.items():
        (tmp_path / "multi30k" / f"{name}.gz").write_bytes(gzip.compress(content))
    return tmp_path


def test_sentences_are_read_by_split_and_language(folder, contents, monkeypatch):
    data = multi30k(folder=folder)
    assert tuple(data.train) == corpora.MULTI30K
    for part, lines in ((data.train, 5), (data.validation, 2), (data.test, 3)):
        assert {language: len(part[language]) for language in part} == dict.fromkeys(
            corpora.MULTI30K, lines
        )
    # A line ends at a line feed and at nothing else.
    assert data.validation["fr"] == ["val fr 0\u2028é", "val fr 1\u2028é"]
    assert data.source == "Multi30k, the official files"
    assert data.sha256 == corpora.MULTI30K_SHA256
    monkeypatch.setenv("CHECKED_GRADIENTS_DATA", str(folder))
    assert multi30k() == data


def test_only_the_languages_asked_for_are_read(folder) -> None:
    for path in (folder / "multi30k").glob("*.cs.gz"):
        path.unlink()
    data = multi30k(("de", "en"), folder)
    assert list(data.train) == ["de", "en"]
    assert len(data.sha256) == 6
    with pytest.raises(CorpusError, match=r"no 'ja'.* en, de, fr, cs"):
        multi30k(("en", "ja"), folder)


def test_digests_of_all_files_are_known() -> None:
    names = {f"{s}.{k}" for s in corpora.SPLITS.values() for k in corpora.MULTI30K}
    assert set(corpora.MULTI30K_SHA256) == names
    assert len(set(corpora.MULTI30K_SHA256.values())) == 12
    assert {len(digest) for digest in corpora.MULTI30K_SHA256.values()} == {64}


def changed(packed: bytes) -> bytes:
    return gzip.compress(gzip.decompress(packed).replace(b"0", b"7", 1))


DAMAGE = {
    "changed": changed,
    "cut short": lambda packed: packed[:-9],
    "not compressed": gzip.decompress,
    "empty": lambda packed: b"",
    "garbled": lambda packed: packed[:12] + b"\xff" * 8 + packed[20:],
    "not text": lambda packed: gzip.compress(b"\xff\n" * 5),
    "a line short": lambda packed: gzip.compress(b"one\n" * 4),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_refused_by_name(folder, damage) -> None:
    path = folder / "multi30k" / "train.de.gz"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(CorpusError, match=r"train\.de\.gz.* --download"):
        multi30k(folder=folder)
    if damage == "changed":
        odd = multi30k(folder=folder, accept_unknown=True)
        assert odd.source == "Multi30k, unknown content in train.de"
    else:
        with pytest.raises(CorpusError, match=r"train.*\.de\.gz"):
            multi30k(folder=folder, accept_unknown=True)


def test_a_missing_file_names_the_remedies(folder) -> None:
    (folder / "multi30k" / "val.cs.gz").unlink()
    remedies = r"val\.cs\.gz.*CHECKED_GRADIENTS_DATA.*--data.*--download"
    with pytest.raises(CorpusError, match=remedies):
        multi30k(folder=folder)


def test_a_last_line_without_its_end_is_one(folder) -> None:
    path = folder / "multi30k" / "val.de.gz"
    path.write_bytes(gzip.compress(b"eins\nzwei"))
    found = multi30k(folder=folder, accept_unknown=True)
    assert found.validation["de"] == ["eins", "zwei"]


def test_what_is_wrong_with_files_is_said_with_what_mends_it(folder) -> None:
    """Word for word: a user types what stands there."""

    def said(**options) -> str:
        with pytest.raises(CorpusError) as refusal:
            multi30k(folder=folder, **options)
        return str(refusal.value)

    begin, accept = str(folder / "multi30k" / "val"), {"accept_unknown": True}
    paths = [folder / "multi30k" / f"val.{name}.gz" for name in corpora.MULTI30K]
    for path in paths[:2]:
        path.write_bytes(gzip.compress(b"one\n"))
    digest = hashlib.sha256(b"one\n").hexdigest()[:12]
    assert said() == (
        f"{begin}.en.gz is not the Multi30k file that it should be (SHA-256 {digest}…)"
        ": delete it and fetch it with --download, or pass --accept-unknown-data to "
        "use it as it is"
    )
    assert said(**accept) == (
        f"{begin} has not as many lines in each language (1 in .en.gz, 1 in .de.gz, 2 "
        "in .fr.gz, 2 in .cs.gz): delete the files and fetch them again with --download"
    )
    two = multi30k(("en", "de"), folder, **accept)
    assert two.source == "Multi30k, unknown content in val.en, val.de"
    for path in paths:
        path.write_bytes(gzip.compress(b""))
    assert said(**accept) == (
        f"{begin}.*.gz hold no line: delete the files and fetch them again with "
        "--download"
    )


# Fetching Multi30k, from a server on this machine


class Server(ThreadingHTTPServer):
    """Serves ``files`` by name; notes what it was asked for, and from which byte."""

    files: dict[str, bytes]
    breaks_off: bool = False  # in the middle of a file
    takes_ranges: bool = True
    answer: bytes = b""  # to all, in place of a file

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, int]] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        name = self.path.removeprefix("/")
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        self.server.asked.append((name, start))
        if self.server.answer:
            self.wfile.write(self.server.answer)
            return
        if name not in self.server.files:
            self.send_error(404)
            return
        start = start if self.server.takes_ranges else 0
        content = self.server.files[name][start:]
        if not content:
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        sent = len(content) // (2 if self.server.breaks_off else 1)
        self.wfile.write(content[:sent])

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def server(contents, monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    with Server() as made:
        made.files = {f"{n}.gz": gzip.compress(c, mtime=0) for n, c in contents.items()}
        monkeypatch.setattr(
            corpora, "MULTI30K_URL", f"http://127.0.0.1:{made.server_port}"
        )
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_missing_files_are_fetched_once(server, tmp_path) -> None:
    with pytest.raises(CorpusError, match="--download"):
        multi30k(folder=tmp_path)
    assert server.asked == []
    data = multi30k(("en", "fr"), tmp_path, download=True)
    assert data.train["fr"][0] == "train fr 0\u2028é"
    assert len(server.asked) == 6
    assert multi30k(("en", "fr"), tmp_path, download=True) == data
    assert len(server.asked) == 6
    names = {path.name for path in (tmp_path / "multi30k").iterdir()}
    assert names == {n for n in server.files if n.endswith((".en.gz", ".fr.gz"))}


@pytest.mark.parametrize("takes_ranges", [True, False])
def test_a_broken_download_goes_on(server, tmp_path, takes_ranges) -> None:
    server.breaks_off, server.takes_ranges = True, takes_ranges
    size = len(server.files["train.en.gz"])
    message = (
        rf"train\.en\.gz broke off after {size // 2} of {size} bytes: the same command "
        "again goes on from there$"
    )
    with pytest.raises(CorpusError, match=message):
        multi30k(("en", "de"), tmp_path, download=True)
    assert not (tmp_path / "multi30k" / "train.en.gz").exists()
    server.breaks_off = False
    multi30k(("en", "de"), tmp_path, download=True)
    assert server.asked[:2] == [("train.en.gz", 0), ("train.en.gz", size // 2)]
    fetched = (tmp_path / "multi30k" / "train.en.gz").read_bytes()
    assert fetched == server.files["train.en.gz"]


def test_a_download_stopped_before_its_last_step_is_taken_up(server, tmp_path) -> None:
    (tmp_path / "multi30k").mkdir()
    begun = tmp_path / "multi30k" / "train.en.gz.partial"
    begun.write_bytes(server.files["train.en.gz"])
    assert len(multi30k(("en", "de"), tmp_path, download=True).train["en"]) == 5
    assert not begun.exists()


@pytest.mark.parametrize(
    "wrong",
    [gzip.compress(b"else\n", mtime=0), b"<html>", b"\x1f\x8b"],
    ids=["another file", "a page", "a beginning"],
)
def test_wrong_content_is_not_kept(server, tmp_path, wrong) -> None:
    server.files["train.en.gz"] = wrong
    with pytest.raises(CorpusError, match=r"train\.en\.gz is not the Multi30k file"):
        multi30k(folder=tmp_path, download=True, accept_unknown=True)
    assert list((tmp_path / "multi30k").iterdir()) == []


def test_a_file_that_the_server_lacks_is_named(server, tmp_path) -> None:
    del server.files["val.de.gz"]
    with pytest.raises(CorpusError, match=r"cannot fetch .*/val\.de\.gz: .*404"):
        multi30k(folder=tmp_path, download=True)


def test_what_was_fetched_is_kept_where_the_server_lacks_the_rest(
    server, tmp_path
) -> None:
    (tmp_path / "multi30k").mkdir()
    begun = tmp_path / "multi30k" / "train.en.gz.partial"
    begun.write_bytes(server.files.pop("train.en.gz")[:20])
    with pytest.raises(CorpusError, match=r"404.* the same command again goes on$"):
        multi30k(folder=tmp_path, download=True)
    assert len(begun.read_bytes()) == 20


def test_a_server_need_not_say_how_much_it_sends(server, tmp_path) -> None:
    content = server.files["train.en.gz"]
    server.answer = b"HTTP/1.0 200 OK\r\n\r\n" + content
    with pytest.raises(CorpusError, match=r"/train\.de\.gz is not the Multi30k file"):
        multi30k(("en", "de"), tmp_path, download=True)  # the same for all
    assert (tmp_path / "multi30k" / "train.en.gz").read_bytes() == content
    server.answer = b"HTTP/1.0 200 OK\r\n\r\n"
    with pytest.raises(CorpusError, match="is not the Multi30k file"):
        multi30k(("en", "de"), tmp_path, download=True)


def test_without_a_server_the_address_is_named(tmp_path, contents, monkeypatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(corpora, "MULTI30K_URL", "http://127.0.0.1:9")
    with pytest.raises(CorpusError, match=r"cannot fetch http://127.*/train\.en\.gz"):
        multi30k(folder=tmp_path, download=True)


def redirect(to: str) -> bytes:
    return f"HTTP/1.0 302 Found\r\nLocation: {to}\r\n\r\n".encode()


@pytest.mark.parametrize(
    "answer",
    [
        redirect("/train.en.gz"),  # and round again
        redirect("http://[no address"),
        redirect("file:///etc/passwd"),
        b"HTTP/1.0 two hundred\r\n\r\n",
        b"\xff\xfe",
        b"HTTP/1.0 500 Out\tof\x0border\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: many\r\n\r\nabc",
        b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
    ],
)
def test_an_odd_answer_is_one_line_and_a_second_try_succeeds(server, tmp_path, answer):
    server.answer = answer
    with pytest.raises(CorpusError, match=r"http://127.*/train\.en\.gz") as caught:
        multi30k(("en", "de"), tmp_path, download=True)
    assert len(str(caught.value).splitlines()) == 1
    assert re.search(r"again", str(caught.value))
    server.answer = b""
    try:
        data = multi30k(("en", "de"), tmp_path, download=True)
    except CorpusError:  # three bytes were kept, which do not begin the file
        data = multi30k(("en", "de"), tmp_path, download=True)
    assert len(data.train["en"]) == 5
    assert len(list((tmp_path / "multi30k").iterdir())) == 6


def test_a_full_disk_is_one_line_and_a_second_try_goes_on(
    server, tmp_path, monkeypatch
) -> None:
    def full(source, target) -> None:
        target.write(source.read(20))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(corpora.shutil, "copyfileobj", full)
        with pytest.raises(CorpusError, match=r"No space left .* again goes on"):
            multi30k(("en", "de"), tmp_path, download=True)
    assert len(multi30k(("en", "de"), tmp_path, download=True).train["en"]) == 5
    assert server.asked[:2] == [("train.en.gz", 0), ("train.en.gz", 20)]


def test_two_downloads_at_once_fetch_each_file_once(server, tmp_path) -> None:
    with ThreadPoolExecutor(4) as pool:
        fetch = partial(multi30k, ("en", "de"), tmp_path, download=True)
        found = [future.result() for future in [pool.submit(fetch) for _ in range(4)]]
    assert all(data == found[0] for data in found)
    assert len(server.asked) == 6
    assert len(list((tmp_path / "multi30k").iterdir())) == 6


def test_a_damaged_file_is_mended_as_its_line_says(server, folder) -> None:
    path = folder / "multi30k" / "val.de.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CorpusError, match="delete it and fetch it again with --down"):
        multi30k(folder=folder, download=True)
    path.unlink()
    assert len(multi30k(folder=folder, download=True).validation["de"]) == 2
