"""Firefox as this system has it, driven over WebDriver BiDi.

Playwright drives a Firefox of its own alone, which it would have to download. What a
test needs of the protocol is one page and one function, so no client is installed;
the socket is that of websocket-client, which Jupyter brings.
"""

import itertools
import json
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import websocket

LISTENS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
PATIENCE = 180  # seconds


class Tab:
    """A page in Firefox."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        self.socket = socket
        self.numbers = itertools.count(1)
        self.ask("session.new", capabilities={})
        [first] = self.ask("browsingContext.getTree")["contexts"]
        self.context = first["context"]

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (answer := json.loads(self.socket.recv())).get("id") != number:
            pass  # an event
        assert answer["type"] == "success", answer
        found: dict[str, Any] = answer["result"]
        return found

    def goto(self, address: str) -> None:
        self.ask(
            "browsingContext.navigate",
            context=self.context,
            url=address,
            wait="complete",
        )

    def evaluate(self, function: str, argument: object) -> Any:
        """What an async function of the page makes of the argument, both as JSON."""
        whole = f"async text => JSON.stringify(await ({function})(JSON.parse(text)))"
        answer = self.ask(
            "script.callFunction",
            functionDeclaration=whole,
            arguments=[{"type": "string", "value": json.dumps(argument)}],
            awaitPromise=True,
            target={"context": self.context},
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])


@contextmanager
def opened() -> Iterator[Tab]:
    """A Firefox with a new profile; a test is skipped where there is none."""
    program = shutil.which("firefox") or shutil.which("firefox-esr")
    if program is None:
        pytest.skip("no Firefox is installed, so no page was opened in it")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ["--headless", "--no-remote", "--profile", profile]
        process = subprocess.Popen(
            [program, *options, "--remote-debugging-port=0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stderr is not None
            found = next(filter(None, map(LISTENS.search, process.stderr)))
            threading.Thread(target=process.stderr.read, daemon=True).start()
            socket = websocket.create_connection(
                f"{found[1]}/session", timeout=PATIENCE, suppress_origin=True
            )
            yield Tab(socket)
        finally:
            process.kill()
            process.wait()
