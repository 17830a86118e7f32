"""The built pages over HTTP, for the tests in a browser."""

import functools
import http.server
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The built pages over HTTP, at an address of this machine alone."""
    from tests.shared.site import SITE  # which skips a test where none is built

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            if self.path.startswith("/nowhere/"):
                self.path = "/404.html"
            super().do_GET()

    handler = functools.partial(Silent, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
