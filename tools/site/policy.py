"""The pages' content-security policy: this site, its workers and WebAssembly only.

Scripts that stand in a page are allowed one by one, by their hashes. Handlers in
attributes cannot be, so book.js attaches them. From a folder 'self' is the folder. What
no rule is about is this site's: Firefox loads the page that comes next by that one.
"""

import base64
import hashlib
import re
from pathlib import Path

INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?P<rest>[^>]*)>(?P<code>.*?)</script>", re.S
)
DATA = re.compile(r"\btype=[\"']?[\w.+-]+/(?!javascript)")  # not run: JSON and others
HANDLER = re.compile(r'\bonclick="(?:window\.)?(?P<name>\w+)\(\)"')
CHARSET = re.compile(r'<meta charset="[\w-]+" ?/?>')
RULES = {
    "default-src": "'self'",
    "object-src": "'none'",
    "frame-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "style-src": "'self' 'unsafe-inline'",
    "form-action": "'self'",
    "base-uri": "'none'",
}


def write(out: Path) -> None:
    for page in out.rglob("*.html"):
        page.write_text(guarded(page.read_text("utf-8")), "utf-8")


def guarded(page: str) -> str:
    """The page with its policy, before anything that it is about.

    Raises:
        ValueError: the page does not say its charset, after which the policy stands.
    """
    page = HANDLER.sub(r'data-calls="\g<name>"', page)
    policy = {**RULES, "script-src": " ".join([RULES["script-src"], *hashes(page)])}
    said = "; ".join(f"{name} {sources}" for name, sources in policy.items())
    meta = f'<meta http-equiv="Content-Security-Policy" content="{said}" />'
    found, count = CHARSET.subn(lambda m: f"{m[0]}\n    {meta}", page, count=1)
    if count == 0:
        raise ValueError(f"no <meta charset> in the page {page[:200]!r}")
    return found


def hashes(page: str) -> list[str]:
    """The sources that allow the scripts standing in a page, each once."""
    codes = [m["code"] for m in INLINE.finditer(page) if not DATA.search(m["rest"])]
    return [f"'sha256-{digest(code)}'" for code in dict.fromkeys(codes)]


def digest(code: str) -> str:
    return base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
