"""Translators: one frozen configuration, trained on phrases or Multi30k, and judged."""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from tokenizers import Tokenizer

from lib.data import corpora
from lib.data.corpora import Parallel
from lib.models import transformer, translation
from lib.models.transformer import PADDING, Placement, Transformer, TransformerConfig
from lib.models.translation import Batch, Example, Tag, Translator
from lib.training import records
from lib.training.loop import Batches, History, Training, Watch, prepare, run_epochs

Graph = Literal["all", "english", "ring"]
Direction = tuple[str, str]
PENALTIES = (0.6, 1.0, 1.4, 1.8)  # what beam search may divide lengths by the power of
CHOSEN_BY = 500  # validation sentences that the penalty is chosen by
EVALUATION_SEED = 2026  # validation takes the same directions after each epoch
SHOWN = 8  # test sentences that a record shows with their translations
PHRASE_LANGUAGES = corpora.LANGUAGES


@dataclass(frozen=True)
class TranslationRun:
    """A translator; the defaults are the many-to-many run on Multi30k.

    ``graph`` says between which languages there is training data: all, English and
    any other, or besides these a ring through the others in their order. Directions
    in ``untrained``, such as ``"de-cs"``, are left out of it. Subwords are as many as
    ``vocabulary``; phrases have words instead. An epoch takes each sentence once, in
    a direction drawn at random. The learning rate rises over ``warmup`` steps and then
    falls to zero with the last one. ``beam`` is that of the final judgement.
    """

    corpus: Literal["phrases", "multi30k"] = "multi30k"
    languages: tuple[str, ...] = ("en", "de", "fr", "cs")
    graph: Graph = "all"
    untrained: tuple[str, ...] = ("de-cs", "cs-de")
    tagged: Tag = "target"
    vocabulary: int = 8000
    width: int = 128
    hidden: int = 256
    heads: int = 4
    encoder_layers: int = 4
    decoder_layers: int = 4
    placement: Placement = "pre"
    final_norm: bool = True
    qk_norm: bool = False
    dropout: float = 0.1
    smoothing: float = 0.1
    learning_rate: float = 2e-3
    warmup: int = 400
    batch_tokens: int = 2048
    epochs: int = 20
    beam: int = 5

    def __post_init__(self) -> None:
        choices = {
            "corpus": ("phrases", "multi30k"),
            "graph": get_args(Graph),
            "tagged": get_args(Tag),
        }
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}")
        known = PHRASE_LANGUAGES if self.corpus == "phrases" else corpora.MULTI30K
        if not set(self.languages) <= set(known) or len(self.languages) < 2:
            raise ValueError(f"languages must be two or more of {', '.join(known)}")
        for name in ("epochs", "batch_tokens", "beam"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.corpus == "multi30k" and self.vocabulary < 300:
            raise ValueError("vocabulary must be at least 300: bytes alone are 256")
        if self.warmup < 0:
            raise ValueError("warmup must not be negative")
        if not 0 <= self.smoothing < 1:
            raise ValueError("smoothing must lie in [0, 1)")
        if not 0 < self.learning_rate < 1:
            raise ValueError("learning_rate must lie between 0 and 1")
        self.architecture(self.vocabulary)  # raises for sizes that do not fit
        if not trained_directions(self):
            raise ValueError("untrained leaves no direction to train on")

    def architecture(self, vocabulary: int) -> TransformerConfig:
        """The network's sizes, for a tokeniser of so many tokens."""
        return TransformerConfig(
            vocabulary=vocabulary,
            width=self.width,
            hidden=self.hidden,
            heads=self.heads,
            encoder_layers=self.encoder_layers,
            decoder_layers=self.decoder_layers,
            placement=self.placement,
            final_norm=self.final_norm,
            qk_norm=self.qk_norm,
            dropout=self.dropout,
        )


def directions(run: TranslationRun) -> list[Direction]:
    """All ordered pairs of the run's languages."""
    return list(itertools.permutations(run.languages, 2))


def trained_directions(run: TranslationRun) -> list[Direction]:
    """The directions that the run has training data for."""
    others = [language for language in run.languages if language != "en"]
    ring = set(zip(others, [*others[1:], *others[:1]], strict=True))

    def has_data(pair: Direction) -> bool:
        if "-".join(pair) in run.untrained:
            return False
        if run.graph == "all" or "en" in pair:
            return True
        return run.graph == "ring" and (pair in ring or pair[::-1] in ring)

    return [pair for pair in directions(run) if has_data(pair)]


# -------------------------------------------------------------------------------- data


def load(run: TranslationRun, folder: str | Path | None, **options: bool) -> Parallel:
    """The run's sentences; of phrases the held-out ones are validation and test."""
    if run.corpus == "multi30k":
        return corpora.multi30k(run.languages, folder, **options)
    table = corpora.phrases()
    held_out = {k: [i.texts[k] for i in table.held_out] for k in run.languages}
    return Parallel(
        source=table.source,
        sha256={"phrases": table.sha256},
        train={k: [i.texts[k] for i in table.train] for k in run.languages},
        validation=held_out,
        test=held_out,
    )


def new_tokeniser(run: TranslationRun, data: Parallel) -> Tokenizer:
    """Words for phrases, subwords for Multi30k, of all languages together."""
    texts = itertools.chain.from_iterable(data.train[k] for k in run.languages)
    if run.corpus == "phrases":
        return translation.word_tokeniser(texts, run.languages)
    return translation.subword_tokeniser(texts, run.languages, run.vocabulary)


class Encoded:
    """Aligned sentences as token numbers, from which examples are put together."""

    def __init__(
        self, run: TranslationRun, tokeniser: Tokenizer, texts: dict[str, list[str]]
    ) -> None:
        self.run, self.tokeniser = run, tokeniser
        self.tokens = {
            language: [encoding.ids for encoding in tokeniser.encode_batch(sentences)]
            for language, sentences in texts.items()
        }
        self.before_source = {
            language: translation.before_source(tokeniser, language, run.tagged)
            for language in texts
        }
        self.first_of_target = {
            language: translation.first_of_target(tokeniser, language, run.tagged)
            for language in texts
        }

    def __len__(self) -> int:
        return len(self.tokens[self.run.languages[0]])

    def example(self, row: int, pair: Direction) -> Example:
        """Sentence ``row`` from one language into another."""
        source, target = pair
        return Example(
            [*self.before_source[target], *self.tokens[source][row], translation.END],
            [self.first_of_target[target], *self.tokens[target][row], translation.END],
        )

    def drawn(
        self, pairs: list[Direction], generator: torch.Generator
    ) -> list[Example]:
        """Each sentence once, in a direction drawn at random."""
        draw = torch.randint(
            len(pairs), (len(self),), generator=generator, device=generator.device
        )
        return [self.example(row, pairs[k]) for row, k in enumerate(draw.tolist())]


def bucketed(
    encoded: Encoded, pairs: list[Direction], run: TranslationRun, device: torch.device
) -> Batches:
    """An epoch's batches, on the device; their weight is what they predict."""

    def batches(generator: torch.Generator) -> Iterator[tuple[Batch, int]]:
        # Dropout draws from PyTorch's own generator: the run's one sets it, so that a
        # run which goes on from a checkpoint drops what it would have dropped.
        seed = torch.randint(2**31, (), generator=generator, device=generator.device)
        torch.manual_seed(int(seed))
        examples = encoded.drawn(pairs, generator)
        for batch in translation.bucketed(examples, run.batch_tokens, generator):
            predicted = int((batch.target[:, 1:] != PADDING).sum())
            yield Batch(batch.source.to(device), batch.target.to(device)), predicted

    return batches


# ---------------------------------------------------------------------------- training


def train_translator(
    run: TranslationRun,
    data: Parallel,
    seed: int,
    *,
    device: str | None = None,
    watch: Watch = lambda epoch, values: None,
    checkpoint: Path | None = None,
    resume: bool = False,
    until: int | None = None,
) -> tuple[Translator, History]:
    """Train the run's network on the directions that have data.

    The history's curves are the smoothed ``loss`` and the ``validation_loss`` without
    smoothing and dropout, both in nats a target token. ``until`` stops after so many
    epochs of the run.
    """
    generator = prepare(seed, device)
    place = generator.device
    tokeniser = new_tokeniser(run, data)
    model = Transformer(run.architecture(tokeniser.get_vocab_size())).to(place)
    pairs = trained_directions(run)
    batches = bucketed(Encoded(run, tokeniser, data.train), pairs, run, place)
    steps = run.epochs * sum(1 for _ in batches(torch.Generator(place).manual_seed(0)))
    optimiser, schedule = _optimiser(model, run, steps)
    held_out = bucketed(Encoded(run, tokeniser, data.validation), pairs, run, place)

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        model.train()
        with transformer.quickest_attention(*batch):
            scalars = {"loss": transformer.loss(model, *batch, run.smoothing)}
        optimiser.zero_grad()
        scalars["loss"].backward()
        optimiser.step()
        schedule.step()
        return scalars

    def after_epoch(history: History) -> dict[str, float]:
        fixed = torch.Generator(place).manual_seed(EVALUATION_SEED)
        return {"validation_loss": mean_loss(model, held_out(fixed))}

    history = run_epochs(
        step,
        {"model": model, "optimiser": optimiser, "schedule": schedule},
        batches,
        Training(run.epochs, run.batch_tokens, run.learning_rate),
        generator,
        after_epoch=after_epoch,
        watch=watch,
        checkpoint=checkpoint,
        resume=resume,
        until=until,
        identity={"seed": seed, "data": [data.source, data.sha256]}
        | {name: value for name, value in asdict(run).items() if name != "beam"},
    )
    return Translator(model, tokeniser, run.tagged), history


def kept_translator(
    record: dict[str, Any], run: TranslationRun, data: Parallel
) -> Translator:
    """The translator that a record keeps, with the tokeniser that its data give.

    Raises RecordError where the record keeps no weights or is another run's.
    """
    name = record["name"]
    if "weights" not in record:
        raise records.RecordError(
            f"the record of {name} keeps no weights: run it with --keep-weights"
        )
    configured = json.loads(json.dumps(asdict(run)))
    if record["configuration"] != configured or record["data"]["sha256"] != data.sha256:
        raise records.RecordError(
            f"the record of {name} is that of another configuration, or of other data"
        )
    tokeniser = new_tokeniser(run, data)
    model = Transformer(run.architecture(tokeniser.get_vocab_size()))
    model.load_state_dict(records.unpacked_weights(record["weights"]))
    return Translator(model.eval(), tokeniser, run.tagged)


def _optimiser(
    model: Transformer, run: TranslationRun, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """Adam as Vaswani et al. set it, its rate rising and falling with the steps."""
    optimiser = torch.optim.Adam(
        model.parameters(), lr=run.learning_rate, betas=(0.9, 0.98), fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: up_and_down(step, run.warmup, steps)
    )
    return optimiser, schedule


def up_and_down(step: int, warmup: int, steps: int) -> float:
    """The share of the learning rate: up over ``warmup`` steps, then down to zero."""
    if step < warmup:
        return (step + 1) / warmup
    return max(0.0, (steps - step) / max(1, steps - warmup))


@torch.no_grad()
def mean_loss(model: Transformer, batches: Iterable[tuple[Batch, int]]) -> float:
    """Cross-entropy in nats a token, without smoothing and dropout."""
    model.eval()
    total = tokens = 0.0
    for batch, weight in batches:
        total += float(transformer.loss(model, *batch)) * weight
        tokens += weight
    return total / tokens


# ------------------------------------------------------------------------------ judging


def evaluate_translator(
    translator: Translator,
    run: TranslationRun,
    data: Parallel,
    say: Callable[[str], object] = lambda line: None,
) -> dict[str, Any]:
    """How well each direction is translated, trained or not: for a record."""
    judge = judge_phrases if run.corpus == "phrases" else judge_sentences
    return judge(translator, run, data, say)


def judge_phrases(
    translator: Translator,
    run: TranslationRun,
    data: Parallel,
    say: Callable[[str], object] = lambda line: None,
) -> dict[str, Any]:
    """The share of held-out phrases that greedy decoding translates to the letter."""
    kinds = [item.kind for item in corpora.phrases().held_out]
    right: dict[Direction, torch.Tensor] = {}
    for source, target in directions(run):
        found = translator.translate(data.test[source], target, rows=256)
        pairs = zip(found, data.test[target], strict=True)
        right[source, target] = torch.tensor([mine == theirs for mine, theirs in pairs])
        say(f"{source}-{target}: {float(right[source, target].float().mean()):.3f}")
    trained = trained_directions(run)
    return {"exact": share(right.values())} | {
        "trained": share(right[pair] for pair in trained),
        "untrained": share(right[pair] for pair in right if pair not in trained),
        "directions": {"-".join(pair): share([found]) for pair, found in right.items()},
        "kinds": {
            kind: share(
                found[torch.tensor([k == kind for k in kinds])]
                for found in right.values()
            )
            for kind in dict.fromkeys(kinds)
        },
    }


def share(found: Any) -> float | None:
    """The mean of truths over several tensors; None of none."""
    tensors = list(found)
    return float(torch.cat(tensors).double().mean()) if tensors else None


def judge_sentences(
    translator: Translator,
    run: TranslationRun,
    data: Parallel,
    say: Callable[[str], object] = lambda line: None,
) -> dict[str, Any]:
    """BLEU and chrF of each direction on the test sentences, and some translations.

    The length penalty is the best one for the first trained direction's validation.
    """
    trained = trained_directions(run)
    tuned = penalties(translator, run, data, trained[0])
    penalty = max(tuned, key=tuned.__getitem__)
    say(f"length penalty {penalty}")
    metrics: dict[str, Any] = {
        "penalty": penalty,
        "penalties": {str(p): bleu for p, bleu in tuned.items()},
        "chosen_by": f"{'-'.join(trained[0])}, {CHOSEN_BY} validation sentences",
        "directions": {},
        "samples": {},
    }
    for source, target in directions(run):
        found = translator.translate(
            data.test[source], target, beam=run.beam, penalty=penalty
        )
        score = translation.scores(found, data.test[target])
        lower = translation.scores(found, data.test[target], lowercase=True)
        name = f"{source}-{target}"
        metrics["directions"][name] = {
            "trained": (source, target) in trained,
            "bleu": score["bleu"],
            "chrf": score["chrf"],
            "brevity_penalty": score["brevity_penalty"],
            "bleu_lowercase": lower["bleu"],
        }
        metrics["signatures"] = {
            "bleu": score["bleu_signature"],
            "chrf": score["chrf_signature"],
            "bleu_lowercase": lower["bleu_signature"],
        }
        metrics["samples"][name] = [
            {
                "source": data.test[source][i],
                "found": found[i],
                "wanted": data.test[target][i],
            }
            for i in range(SHOWN)
        ]
        say(f"{name}: BLEU {score['bleu']:.1f}, chrF {score['chrf']:.1f}")
    return metrics


def penalties(
    translator: Translator, run: TranslationRun, data: Parallel, pair: Direction
) -> dict[float, float]:
    """BLEU on validation sentences for each length penalty."""
    texts, wanted = (data.validation[language][:CHOSEN_BY] for language in pair)
    return {
        penalty: translation.scores(
            translator.translate(texts, pair[1], beam=run.beam, penalty=penalty), wanted
        )["bleu"]
        for penalty in PENALTIES
    }
