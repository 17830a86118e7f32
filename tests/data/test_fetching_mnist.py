"""MNIST by torchvision from a server on this machine, which answers oddly at first."""

import gzip
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from torchvision.datasets import MNIST

from lib.data import digits
from lib.data.digits import DataError
from lib.data.fetching import in_one_line
from tests.data.test_digits import idx


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.rpartition("/")[2]
        self.server.asked.append(name)
        content = self.server.files[name]
        if self.server.odd:
            self.wfile.write(self.server.odd(content))
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    """A tiny set in MNIST's files, whose digests are the known ones."""
    random, files, known = np.random.default_rng(0), {}, {}
    for part, n in (("train", 5), ("t10k", 3)):
        for file, array in (
            (f"{part}-images-idx3-ubyte", random.integers(0, 256, (n, 28, 28))),
            (f"{part}-labels-idx1-ubyte", random.integers(0, 10, n)),
        ):
            files[f"{file}.gz"] = gzip.compress(idx(array), mtime=0)
            known[file] = {hashlib.sha256(idx(array)).hexdigest(): "official"}
    sums = [(n, hashlib.md5(c, usedforsecurity=False)) for n, c in files.items()]
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(digits, "MNIST_FILES", known)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        made.files, made.asked, made.odd = files, [], None
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{made.server_port}/"])
        monkeypatch.setattr(MNIST, "resources", [(n, s.hexdigest()) for n, s in sums])
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_an_error_without_words_is_called_by_its_name():
    assert in_one_line(TimeoutError()) == "TimeoutError"
    assert in_one_line(TimeoutError(" a\n  b ")) == "a b"


HEAD = b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n"
ODD = {
    "broken off": lambda content: HEAD % len(content) + content[:9],
    "other bytes": lambda content: HEAD % 3 + b"abc",
    "round and round": lambda content: b"HTTP/1.0 302 A\r\nLocation: /a/x\r\n\r\n",
    "an error": lambda content: b"HTTP/1.0 503 Not\tnow\r\n\r\n",
    "no status": lambda content: b"HTTP/1.0 two hundred\r\n\r\n",
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_answer_is_one_line_and_a_second_try_succeeds(
    server, tmp_path, odd, capsys
):
    server.odd = ODD[odd]
    server.files["x"] = b""
    with pytest.raises(DataError, match=r"could not fetch MNIST .*: try again") as said:
        digits.load("mnist", tmp_path, download=True)
    assert len(str(said.value).splitlines()) == 1
    assert capsys.readouterr() == ("", "")  # no bar either
    server.odd = None
    assert digits.load("mnist", tmp_path, download=True).train_images.shape == (5, 784)


def test_two_at_once_fetch_each_file_once(server, tmp_path):
    with ThreadPoolExecutor(3) as pool:
        load = partial(digits.load, "mnist", tmp_path, download=True)
        found = [future.result() for future in [pool.submit(load) for _ in range(3)]]
    # torchvision asks twice, since it looks for a redirection first.
    assert sorted(server.asked) == sorted([*server.files, *server.files])
    for data in found:
        assert torch.equal(data.train_images, found[0].train_images)
    assert not list((tmp_path / "MNIST" / "raw").glob(".*"))


def test_what_a_killed_process_put_aside_is_put_back(server, tmp_path):
    digits.load("mnist", tmp_path, download=True)
    path = tmp_path / "MNIST" / "raw" / "t10k-labels-idx1-ubyte"
    path.rename(path.with_name(f"{path.name}.damaged"))
    digits.load("mnist", tmp_path, download=True)
    assert not list(path.parent.glob("*.damaged"))
