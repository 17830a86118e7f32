"""Scripts of others write into the console what concerns their authors: no more.

What is left there is a message about something that is wrong.
"""

import re
from pathlib import Path

SAID = re.compile(r"\bconsole\.(?:log|debug|info)\((?!\))")


def write(out: Path) -> None:
    # The search page has such a script in itself.
    for script in (*out.glob("_static/**/*.js"), out / "search.html"):
        before = script.read_text("utf-8")
        if (after := SAID.sub("void (", before)) != before:
            script.write_text(after, "utf-8")
