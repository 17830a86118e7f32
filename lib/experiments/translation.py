"""Translators: trained on phrases or Multi30k, and judged."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from tokenizers import Tokenizer
from torch.optim.swa_utils import AveragedModel

from lib.data import corpora
from lib.data.catalogue import CorpusError
from lib.data.corpora import Parallel
from lib.models import transformer, translation
from lib.models.packing import BUCKETS, Packed, packed
from lib.models.transformer import Transformer
from lib.models.translation import Batch, Example, Translator
from lib.training import records
from lib.training.checkpoints import Stateful
from lib.training.engine import PLAIN, Engine
from lib.training.loop import (
    Batches,
    History,
    Training,
    Watch,
    descend,
    run_epochs,
)
from lib.training.optimisers import Adam

from .configurations import (
    Direction,
    NormsRun,
    TranslationRun,
    differences,
    directions,
    trained_directions,
)

PENALTIES = (0.6, 1.0, 1.4, 1.8)  # what beam search may divide lengths by the power of
CHOSEN_BY = 500  # validation sentences that the penalty is chosen by
EVALUATION_SEED = 2026  # validation takes the same directions after each epoch
SHOWN = 8  # test sentences that a record shows with their translations


# -------------------------------------------------------------------------------- data


def load(
    run: TranslationRun | NormsRun, folder: str | Path | None, **options: bool
) -> Parallel:
    """The run's sentences; of phrases the held-out ones are for validation."""
    if run.corpus == "multi30k":
        data = corpora.multi30k(run.languages, folder, **options)
        small = isinstance(run, TranslationRun) and run.lowercase
        return lower(data) if small else data
    table, test = corpora.phrases(), corpora.phrases_for_test()

    def texts(items: Iterable[corpora.Phrase]) -> dict[str, list[str]]:
        return {k: [item.texts[k] for item in items] for k in run.languages}

    return Parallel(
        source=table.source,
        sha256={"phrases": table.sha256, "phrases_test": test.sha256},
        train=texts(table.train),
        validation=texts(table.held_out),
        test=texts(test.held_out),
    )


def lower(data: Parallel) -> Parallel:
    """The same sentences without capitals."""

    def small(texts: dict[str, list[str]]) -> dict[str, list[str]]:
        return {name: [text.lower() for text in part] for name, part in texts.items()}

    return replace(
        data,
        train=small(data.train),
        validation=small(data.validation),
        test=small(data.test),
    )


def new_tokeniser(run: TranslationRun, data: Parallel) -> Tokenizer:
    """Words for phrases, subwords for Multi30k, of all languages together."""
    texts = itertools.chain.from_iterable(data.train[k] for k in run.languages)
    if run.corpus == "phrases":
        return translation.word_tokeniser(texts, run.languages)
    return translation.subword_tokeniser(texts, run.languages, run.vocabulary)


class Encoded:
    """Aligned sentences as token numbers, from which examples are put together.

    Raises CorpusError for one that is longer than the network takes.
    """

    def __init__(
        self, run: TranslationRun, tokeniser: Tokenizer, texts: dict[str, list[str]]
    ) -> None:
        self.run, self.tokeniser = run, tokeniser
        # "Fast" leaves out where in the text a token stood.
        self.tokens = {
            language: [text.ids for text in tokeniser.encode_batch_fast(sentences)]
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

        self._require_short()

    def _require_short(self) -> None:
        longest = self.run.architecture(1).longest
        room = longest - 1 - max(1, *map(len, self.before_source.values()))
        for language, rows in self.tokens.items():
            for number, row in enumerate(rows, start=1):
                if len(row) > room:
                    raise CorpusError(
                        f"line {number} of {language} has {len(row)} tokens, and the "
                        f"network takes {room}: shorten it, or leave it out in each "
                        "language"
                    )

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


def batches_of(
    run: TranslationRun,
    encoded: Encoded,
    device: torch.device,
    buckets: int = BUCKETS,
) -> Batches | Packed:
    """An epoch's batches in the directions that have data, as the run asks for them.

    ``buckets`` is how many shapes they have where they are packed.
    """
    pairs = trained_directions(run)
    if not run.packed:
        return bucketed(encoded, pairs, run, device)
    every = [
        encoded.example(row, pair) for pair in pairs for row in range(len(encoded))
    ]
    return packed(every, run.batch_tokens, device, len(pairs), buckets)


def bucketed(
    encoded: Encoded, pairs: list[Direction], run: TranslationRun, device: torch.device
) -> Batches:
    """An epoch's batches, on the device; their weight is what they predict."""

    def batches(generator: torch.Generator) -> Iterator[tuple[Batch, int]]:
        translation.seed_dropout(generator)
        examples = encoded.drawn(pairs, generator)
        for batch in translation.bucketed(examples, run.batch_tokens, generator):
            predicted = int(batch.predicted)
            yield Batch(batch.source.to(device), batch.target.to(device)), predicted

    return batches


# ---------------------------------------------------------------------------- training


def train_translator(
    run: TranslationRun,
    data: Parallel,
    seed: int,
    *,
    engine: Engine = PLAIN,
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
    generator = engine.prepare(seed)
    place = generator.device
    tokeniser = new_tokeniser(run, data)
    model = Transformer(run.architecture(tokeniser.get_vocab_size())).to(place)
    Encoded(run, tokeniser, data.test)  # refuses what could not be translated
    batches = batches_of(run, Encoded(run, tokeniser, data.train), place)
    held_out = _held_out(run, Encoded(run, tokeniser, data.validation), place)
    optimiser, schedule = new_optimiser(model, run, _steps(run, batches, place))
    mean = AveragedModel(model)  # a copy, which nothing compiles
    parts: dict[str, Stateful] = {
        "model": model,
        "optimiser": optimiser,
        "schedule": schedule,
        **({"mean": mean} if run.averaged > 1 else {}),
    }

    def after_epoch(history: History) -> dict[str, float]:
        if history.epochs > run.epochs - run.averaged:
            mean.update_parameters(model)
        fixed = torch.Generator(place).manual_seed(EVALUATION_SEED)
        with engine.uncompiled():
            return {"validation_loss": mean_loss(model, held_out(fixed))}

    history = run_epochs(
        new_step(run, model, optimiser, engine),
        parts,
        batches,
        Training(run.epochs, run.batch_tokens, run.learning_rate),
        generator,
        engine=engine,
        after_step=schedule.step,
        after_epoch=after_epoch,
        watch=watch,
        checkpoint=checkpoint,
        resume=resume,
        until=until,
        identity=_identity(run, data, seed),
    )
    if not mean.n_averaged:  # the run was stopped before
        mean.update_parameters(model)
    return Translator(cast(Transformer, mean.module), tokeniser, run.tagged), history


def _held_out(
    run: TranslationRun, encoded: Encoded, device: torch.device
) -> Batches | Packed:
    """A few large batches: their loss is wanted after each epoch, not a step."""
    few = replace(run, batch_tokens=8 * run.batch_tokens) if run.packed else run
    return batches_of(few, encoded, device, 2)


def _identity(run: TranslationRun, data: Parallel, seed: int) -> dict[str, Any]:
    """What tells the run's checkpoint from another's."""
    settings = {name: value for name, value in asdict(run).items() if name != "beam"}
    return {"seed": seed, "data": [data.source, data.sha256]} | settings


def _steps(run: TranslationRun, batches: Batches, device: torch.device) -> int:
    """How many steps the run takes, for its schedule."""
    return run.epochs * sum(1 for _ in batches(torch.Generator(device).manual_seed(0)))


def new_step(
    run: TranslationRun,
    model: Transformer,
    optimiser: torch.optim.Optimizer,
    engine: Engine,
) -> Callable[[Batch], dict[str, torch.Tensor]]:
    """A step of training on a batch, as `loop.run_epochs` takes it."""
    loss: Callable[..., torch.Tensor] = transformer.loss
    if run.packed:
        engine.compile_blocks(*model.encoder, *model.decoder)
        head = engine.compiled(transformer.padded_token_loss, dynamic=True)
        loss = partial(transformer.padded_loss, token_loss=head)

    def loss_of(model: Transformer, *batch: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": loss(model, *batch, run.smoothing)}

    shared = engine.workers.shared(loss_of, lambda *rows: int(Batch(*rows).predicted))

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        model.train()
        with transformer.quickest_attention(*batch), engine.autocast():
            scalars = shared(model, *batch)
        return descend(scalars, model, optimiser)

    return step


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
    another = differences(record["configuration"], run)
    if another or record["data"]["sha256"] != data.sha256:
        raise records.RecordError(
            f"the record of {name} is that of another configuration, or of other data"
        )
    tokeniser = new_tokeniser(run, data)
    model = Transformer(run.architecture(tokeniser.get_vocab_size()))
    records.load_weights(model, record["weights"])
    return Translator(model.eval(), tokeniser, run.tagged)


def new_optimiser(
    model: Transformer, run: TranslationRun, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """Adam as Vaswani et al. set it, its rate rising and falling with the steps."""
    optimiser = Adam(
        model.parameters(), lr=run.learning_rate, betas=(0.9, 0.98), fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: up_and_down(step, run.warmup, steps)
    )
    return optimiser, schedule


def up_and_down(step: int, warmup: int, steps: int) -> float:
    """The share of the learning rate: up over ``warmup`` steps, then down to zero.

    Raises ValueError for a step or a warm-up below 0, and for no steps.
    """
    if min(step, warmup) < 0 or steps < 1:
        raise ValueError(
            "step and warmup must be at least 0 and steps at least 1; got "
            f"{step}, {warmup} and {steps}"
        )
    if step < warmup:
        return (step + 1) / warmup
    return max(0.0, (steps - step) / max(1, steps - warmup))


@torch.no_grad()
def mean_loss(
    model: Transformer, batches: Iterable[tuple[Batch, int | torch.Tensor]]
) -> float:
    """Cross-entropy in nats a token, without smoothing and dropout.

    Raises ValueError for no batches.
    """
    model.eval()
    total = tokens = 0.0
    for batch, weight in batches:
        total += float(transformer.loss(model, *batch)) * float(weight)
        tokens += float(weight)
    if not tokens:
        raise ValueError("batches must have tokens to predict, and there are none")
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
    """The share of test phrases that greedy decoding translates to the letter.

    ``validation`` is that of the held-out phrases, by which the sizes were chosen.
    """
    kinds = [item.kind for item in corpora.phrases_for_test().held_out]
    right: dict[Direction, torch.Tensor] = {}
    chosen_by: list[torch.Tensor] = []
    for pair in directions(run):
        right[pair] = exactly_right(translator, pair, data.test)
        chosen_by.append(exactly_right(translator, pair, data.validation))
        say(f"{'-'.join(pair)}: {share([right[pair]]):.3f}")
    trained = trained_directions(run)
    return {"exact": share(right.values()), "validation": share(chosen_by)} | {
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


def exactly_right(
    translator: Translator, pair: Direction, texts: dict[str, list[str]]
) -> torch.Tensor:
    """Whether each text is translated to the letter: truths, one a text."""
    source, target = pair
    found = translator.translate(texts[source], target, rows=256)
    both = zip(found, texts[target], strict=True)
    return torch.tensor([mine == theirs for mine, theirs in both])


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
        texts, wanted = data.test[source], data.test[target]
        found = translator.translate(
            texts, target, beam=run.beam, penalty=penalty, rows=rows_of(translator)
        )
        name = f"{source}-{target}"
        scores, metrics["signatures"] = _judged(found, wanted, target)
        trained_on = {"trained": (source, target) in trained}
        metrics["directions"][name] = trained_on | scores
        shown = itertools.islice(zip(texts, found, wanted, strict=True), SHOWN)
        metrics["samples"][name] = [
            dict(zip(("source", "found", "wanted"), three, strict=True))
            for three in shown
        ]
        say(f"{name}: BLEU {scores['bleu']:.1f}, chrF {scores['chrf']:.1f}")
    return metrics


def _judged(
    found: list[str], wanted: list[str], target: str
) -> tuple[dict[str, float], dict[str, str]]:
    """The scores of translations into a language, and sacreBLEU's names for them."""
    score = translation.scores(found, wanted)
    lower = translation.scores(found, wanted, lowercase=True)
    moses = translation.moses_scores(found, wanted, target)
    scores = {name: score[name] for name in ("bleu", "chrf", "brevity_penalty")}
    scores |= {"bleu_lowercase": lower["bleu"], "bleu_moses": moses["bleu"]}
    return scores, {
        "bleu": score["bleu_signature"],
        "chrf": score["chrf_signature"],
        "bleu_lowercase": lower["bleu_signature"],
        "bleu_moses": moses["bleu_signature"],
    }


def rows_of(translator: Translator) -> int:
    """How many sentences are translated at once: many on a GPU, to fill it."""
    on_gpu = translator.model.embedding.weight.is_cuda
    return 500 if on_gpu else 128


def penalties(
    translator: Translator, run: TranslationRun, data: Parallel, pair: Direction
) -> dict[float, float]:
    """BLEU on validation sentences for each length penalty."""
    texts, wanted = (data.validation[language][:CHOSEN_BY] for language in pair)
    return {
        penalty: translation.scores(
            translator.translate(
                texts,
                pair[1],
                beam=run.beam,
                penalty=penalty,
                rows=rows_of(translator),
            ),
            wanted,
        )["bleu"]
        for penalty in PENALTIES
    }
