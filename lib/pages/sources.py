"""The library's source on the book's pages, as code and not as output."""

import inspect
import re
from collections.abc import Callable
from textwrap import dedent

from IPython.display import Markdown

ROLE = re.compile(r"\{eq\}`([\w-]+)`")


def as_code(*things: Callable[..., object]) -> Markdown:
    """The source of functions and classes, highlighted, then the equations it names.

    A role of MyST, {eq}`eq-elbo` say, reads in code as the label alone, and leads to
    the equation from the line below. Raises OSError for what no file holds.
    """
    code = "\n\n".join(dedent(inspect.getsource(thing)).strip() for thing in things)
    labels = dict.fromkeys(ROLE.findall(code))  # in their order
    plain = ROLE.sub(r"\1", code)
    fence = f"```python\n{plain}\n```"
    links = ", ".join(f"`{label}`: [{label}](#{label})" for label in labels)
    return Markdown(f"{fence}\n\nHere {links}." if links else fence)
