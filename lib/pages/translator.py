"""A translator to play with: its network in the page, its attention as one types.

    LiveTranslator(
        name="phrases",
        record="translate-phrases-seed0",
        translator=kept_translator(record, run, data),
        languages={"en": "English", "de": "German"},
        phrases=[item.texts for item in table.held_out],
        still=("en", "de"),
    )

In JupyterLab it is a still picture of the first phrase. In the book ``tools/site``
writes a file of the data and of the record's weights, which a page loads once a reader
asks for it, and ``book/_static/translator.js`` computes and draws.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from matplotlib.figure import Figure

from .figures import DPI

MIME = "application/vnd.checked-gradients.translator"  # the data, as JSON


@dataclass(frozen=True)
class LiveTranslator:
    """The translator whose weights ``record`` keeps, and phrases to choose from.

    ``translator`` is ``lib.models.translation``'s, of words, with the tag on the target
    and a pre-norm network that ends in norms: what the script knows. ``phrases`` hold a
    text for each of ``languages``, whose names they are by code. ``still`` is the
    direction of the still picture. Raises ValueError for another kind of translator.
    """

    name: str
    record: str
    translator: Any
    languages: Mapping[str, str]
    phrases: Sequence[Mapping[str, str]]
    still: tuple[str, str]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", self.name):
            raise ValueError(f"the name {self.name!r} must be like 'phrases'")
        config = self.translator.model.config
        if config.placement != "pre" or not config.final_norm:
            raise ValueError("the page computes pre-norm networks that end in norms")
        if self.translator.tagged != "target":
            raise ValueError("the page puts the tag on the target")

    def data(self) -> str:
        """All but the weights as JSON: the same each time."""
        numbers = self.translator.tokeniser.get_vocab()
        vocabulary = sorted(numbers, key=numbers.__getitem__)
        added = self.translator.tokeniser.get_added_tokens_decoder()
        content = {
            "name": self.name,
            "record": self.record,
            "sizes": asdict(self.translator.model.config),
            "languages": dict(self.languages),
            "vocabulary": vocabulary,
            "special": len(added),  # tokens before the first word
            "phrases": [[p[k] for k in self.languages] for p in self.phrases],
        }
        return json.dumps(content, separators=(",", ":"), ensure_ascii=False)

    def picture(self) -> Figure:
        """The first phrase's attention, in the mean over the heads."""
        source, target = self.still
        text = self.phrases[0][source]
        looks, given, said = self.translator.looks(text, target)
        figure = Figure((6.4, 4), DPI, layout="constrained")
        axes = figure.add_subplot()
        axes.imshow(looks.mean(0).numpy(), vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(given)), [shown(t) for t in given], rotation=75)
        axes.set_yticks(range(len(said)), [shown(t) for t in said])
        written = self.translator.translate([text], target)[0]
        axes.set_title(f"{text} \N{RIGHTWARDS ARROW} {written}")
        axes.grid(False)
        return figure

    def __repr__(self) -> str:
        return f"LiveTranslator({self.name!r})"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        picture = io.BytesIO()
        self.picture().savefig(picture, format="png")
        encoded = base64.b64encode(picture.getvalue()).decode()
        return {MIME: self.data(), "image/png": encoded}


def shown(token: str) -> str:
    """A token as figures write it: an open box is a space."""
    return token.strip(" <>") or "\N{OPEN BOX}"


def script(content: str, record: Mapping[str, Any]) -> str:
    """The file that the page loads: the data of ``LiveTranslator`` and the weights.

    Raises ValueError where the record is another one, or keeps no weights.
    """
    data = json.loads(content)
    kept = f"{record['name']}-seed{record['seed']}"
    if data["record"] != kept or "weights" not in record:
        raise ValueError(f"{kept} is not {data['record']}, or keeps no weights")
    whole = json.dumps(
        {**data, "weights": record["weights"]},
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return f"translators.data[{json.dumps(data['name'])}] = {whole};\n"
