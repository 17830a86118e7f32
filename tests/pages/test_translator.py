"""The translator in the page: its data, and that it translates as the library does."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lib.data import corpora
from lib.experiments import EXPERIMENTS
from lib.experiments.translation import directions, kept_translator, load
from lib.models import translation
from lib.models.config import TransformerConfig
from lib.models.transformer import Transformer
from lib.pages.translator import MIME, LiveTranslator, script
from lib.training import records
from tests.shared.effort import sampled
from tools.digest import ROOT

NAME = "translate-phrases-seed0"
RECORD = records.read(ROOT / f"book/records/{NAME}.json")
RUN = EXPERIMENTS["translate-phrases"].run
DATA = load(RUN, None)
TRANSLATOR = kept_translator(RECORD, RUN, DATA)
LIVE = LiveTranslator(
    name="phrases",
    record=NAME,
    translator=TRANSLATOR,
    languages={language: language.upper() for language in RUN.languages},
    phrases=[item.texts for item in corpora.phrases().held_out],
    still=("el", "cs"),
)
NODE = shutil.which("node", path=Path(sys.executable).parent) or shutil.which("node")
# What a page has around the scripts; then, of each text and language asked for, what
# the network writes, how likely it finds it, and where it looks.
IN_NODE = """
globalThis.window = globalThis;
globalThis.addEventListener = () => {};
require(process.argv[1]);
require(process.argv[2]);
const translator = translators.compileTranslator(translators.data[process.argv[3]]);
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(([text, languages]) => {
  const found = translator.tokens(text);
  if (found.unknown !== undefined) return found.unknown;
  const memory = translator.encode(found.tokens);
  return languages.map(language => translator.translate(memory, language));
})));
"""


def in_node(folder: Path, live: LiveTranslator, asked: Any, record: Any) -> Any:
    if NODE is None:
        pytest.skip("no Node: run `make html`")
    data = folder / "data.js"
    data.write_text(script(live.data(), record), "utf-8")
    page = str(ROOT / "book/_static/translator.js")
    done = subprocess.run(
        [NODE, "-e", IN_NODE, page, str(data), live.name],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_page_translates_held_out_phrases_as_the_library_does(
    tmp_path: Path,
) -> None:
    """In all directions, to the letter."""
    rows = sampled(range(len(LIVE.phrases)), 25, "phrases")
    asked = []
    for source in RUN.languages:
        others = [k for k in RUN.languages if k != source]
        asked += [(DATA.test[source][row], others) for row in rows]
    found = in_node(tmp_path, LIVE, asked, RECORD)
    texts = {
        (text, language): one["text"]
        for (text, languages), several in zip(asked, found, strict=True)
        for language, one in zip(languages, several, strict=True)
    }
    for source, target in directions(RUN):
        given = [DATA.test[source][row] for row in rows]
        expected = TRANSLATOR.translate(given, target, rows=300)
        assert [texts[text, target] for text in given] == expected


def test_the_page_looks_and_is_as_sure_as_the_library(tmp_path: Path) -> None:
    texts = [DATA.test["en"][0], DATA.test["ja"][150], DATA.test["ru"][400]]
    languages = ["de", "el", "en"]
    asked = [(text, languages) for text in texts]
    for text, several in zip(
        texts, in_node(tmp_path, LIVE, asked, RECORD), strict=True
    ):
        for language, one in zip(languages, several, strict=True):
            looks, _, words = TRANSLATOR.looks(text, language)
            assert one["words"] == words
            np.testing.assert_allclose(
                np.swapaxes(one["looks"], 0, 1), looks, atol=2e-5
            )
            chances = chances_of(text, language, words)
            np.testing.assert_allclose(one["chances"], chances, atol=2e-5)


def chances_of(text: str, language: str, words: list[str]) -> torch.Tensor:
    """How likely each of the words is after those before it."""
    number = TRANSLATOR.tokeniser.token_to_id
    source = [*translation.known_tokens(TRANSLATOR.tokeniser, text), translation.END]
    target = [number(f"<{language}>"), *map(number, words)]
    both = [torch.tensor([row]) for row in (source, target)]
    with torch.no_grad():
        shares = TRANSLATOR.model(both[0], both[1][:, :-1]).softmax(-1)[0]
    return shares.gather(1, both[1][0, 1:, None])[:, 0]


def test_the_page_cuts_texts_and_refuses_words_as_the_library_does(
    tmp_path: Path,
) -> None:
    strange = [
        ("3 wombats", "wombats"),
        ("<end>", "<"),
        ("<de>", "<"),
        ("日本とVelociraptor", "日本とVelociraptor"),
        ("\t5", ""),
    ]
    found = in_node(tmp_path, LIVE, [(text, []) for text, _ in strange], RECORD)
    for (text, word), said in zip(strange, found, strict=True):
        assert said == word
        with pytest.raises(translation.TranslationError, match=f"^{word!r} occurs"):
            translation.known_tokens(TRANSLATOR.tokeniser, text)


def test_deeper_networks_and_unfinished_texts_are_computed_too(tmp_path: Path) -> None:
    """Untrained ones, which may never end and say what nobody should read."""
    sizes = {"vocabulary": RUN_VOCABULARY, "width": 24, "hidden": 40, "heads": 3}
    for qk_norm in (False, True):
        config = TransformerConfig(
            **sizes, encoder_layers=2, decoder_layers=3, qk_norm=qk_norm
        )
        torch.manual_seed(1)
        model = Transformer(config).double()
        other = replace(TRANSLATOR, model=model.float().eval())
        live = replace(LIVE, translator=other)
        record = {**RECORD, "weights": records.packed_weights(other.model)}
        asked = [(text, ["fr", "cs"]) for text in DATA.test["it"][::100]]
        found = in_node(tmp_path, live, asked, record)
        for (text, languages), several in zip(asked, found, strict=True):
            for language, one in zip(languages, several, strict=True):
                assert one["text"] == other.translate([text], language)[0]
                assert len(one["words"]) > 10


RUN_VOCABULARY = TRANSLATOR.tokeniser.get_vocab_size()


def test_a_notebook_gets_the_data_without_weights_and_a_still_picture() -> None:
    bundle = LIVE._repr_mimebundle_()
    assert bundle.keys() == {MIME, "image/png"}
    assert bundle[MIME] == LIVE.data()
    assert len(bundle[MIME]) < 250_000
    data = json.loads(bundle[MIME])
    assert data["vocabulary"][data["special"] - 1] == "<ja>"
    assert len(data["phrases"]) == 600
    axes = LIVE.picture().axes[0]
    words = [label.get_text() for label in axes.get_yticklabels()]
    assert "dubna" in words
    assert words[-1] == "end"
    assert "24. dubna 2019" in axes.get_title()


def test_what_the_page_cannot_compute_is_refused() -> None:
    with pytest.raises(ValueError, match="must be like"):
        replace(LIVE, name="My phrases")
    with pytest.raises(ValueError, match="tag on the target"):
        replace(LIVE, translator=replace(TRANSLATOR, tagged="source"))
    config = replace(TRANSLATOR.model.config, placement="post")
    with pytest.raises(ValueError, match="pre-norm"):
        replace(LIVE, translator=replace(TRANSLATOR, model=Transformer(config)))
    for other in ({**RECORD, "seed": 1}, {"name": "translate-phrases", "seed": 0}):
        with pytest.raises(ValueError, match="keeps no weights"):
            script(LIVE.data(), other)
