"""The kinds of run: what each can be told, and which values it refuses.

Nothing here needs PyTorch, so that a run can be refused before it is loaded.
"""

import itertools
import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, NamedTuple, cast, get_args

from lib.data.catalogue import DIGITS, LANGUAGES, MULTI30K
from lib.models.config import (
    ActivationName,
    LossName,
    Placement,
    Tag,
    TransformerConfig,
    is_number,
    require_choice,
    require_range,
    require_share,
    require_truth,
)

LARGEST = 1_000_000  # of whatever is counted: more, no memory holds
DEEPEST = 1_000  # blocks


def _require_rate(learning_rate: float) -> None:
    if not is_number(learning_rate) or not 0 < learning_rate < 1:
        raise ValueError(f"learning_rate must lie between 0 and 1, not {learning_rate}")


# ------------------------------------------------------------------------------ digits


@dataclass(frozen=True)
class VAERun:
    """A VAE on digits; the defaults are the report's own run.

    ``nll_samples`` is the K of the negative log-likelihood, ``nll_images`` how many
    held-out images it is taken over; ``figure_epochs`` are the epochs after which 64
    samples are drawn from the same noise.
    """

    digits: str = "mnist"
    hidden: int = 512
    latents: int = 20
    learning_rate: float = 1e-4
    batch_size: int = 128
    epochs: int = 80
    nll_samples: int = 5000
    nll_images: int = 10000
    figure_epochs: tuple[int, ...] = (1, 5, 20, 80)

    def __post_init__(self) -> None:
        require_choice(self, "digits", DIGITS)
        sizes = ("hidden", "latents", "batch_size", "epochs", "nll_samples")
        require_range(self, (*sizes, "figure_epochs"), 1, LARGEST)
        require_range(self, ["nll_images"], 2, LARGEST)  # for an interval
        _require_rate(self.learning_rate)


@dataclass(frozen=True)
class PlaneRun(VAERun):
    """A VAE with two latents, small enough that its record keeps the network itself."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.latents != 2:
            raise ValueError(
                f"latents must be 2, the two sides of a plane, not {self.latents}"
            )


@dataclass(frozen=True)
class IWAERun:
    """A VAE on images binarised anew in each epoch, its bound with ``samples`` = K.

    Two hidden layers of tanh a half, as in the published network. Stage i of the
    schedule lasts 3^i epochs, with ``learning_rate`` times 10^(-i/7); the published run
    has 8 stages, 3,280 epochs. ``nll_samples`` is the K of the negative log-likelihood,
    ``nll_images`` how many held-out images it is taken over.
    """

    digits: str = "mnist"
    samples: int = 5
    hidden: int = 200
    latents: int = 50
    learning_rate: float = 1e-3
    batch_size: int = 20
    stages: int = 4
    nll_samples: int = 5000
    nll_images: int = 1000

    def __post_init__(self) -> None:
        require_choice(self, "digits", DIGITS)
        sizes = ("samples", "hidden", "latents", "batch_size", "nll_samples")
        require_range(self, sizes, 1, LARGEST)
        require_range(self, ["stages"], 1, 12)  # of 265,720 epochs
        require_range(self, ["nll_images"], 2, LARGEST)  # for an interval
        _require_rate(self.learning_rate)

    @property
    def epochs(self) -> int:
        """1 + 3 + 9 + ..., over the stages."""
        return int((3**self.stages - 1) // 2)


@dataclass(frozen=True)
class GANRun:
    """A GAN on digits; the defaults are the run on MNIST.

    The widths are those of the hidden layers, from the input on; all of them have the
    one activation. The generator ends in a sigmoid, the discriminator in a logit.
    ``penalty`` is the weight of R1, the discriminator's steepness at the data;
    ``samples`` is how many samples are judged after training; ``figure_epochs`` are
    the epochs after which 64 samples are drawn from the same noise.
    """

    digits: str = "mnist"
    noise: int = 64
    generator_widths: tuple[int, ...] = (256, 512)
    discriminator_widths: tuple[int, ...] = (256, 256)
    activation: str = "leaky relu"
    loss: LossName = "non-saturating"
    penalty: float = 0.0
    learning_rate: float = 5e-4
    batch_size: int = 128
    epochs: int = 25
    figure_epochs: tuple[int, ...] = (1, 5, 10, 25)
    samples: int = 10000

    def __post_init__(self) -> None:
        require_choice(self, "digits", DIGITS)
        require_choice(self, "activation", get_args(ActivationName))
        require_choice(self, "loss", get_args(LossName))
        widths = ("generator_widths", "discriminator_widths")
        sizes = ("noise", "batch_size", "epochs", *widths, "figure_epochs")
        require_range(self, sizes, 1, LARGEST)
        require_range(self, ["samples"], 2, LARGEST)  # for a covariance
        if not is_number(self.penalty) or self.penalty < 0:
            raise ValueError(
                f"penalty must be finite and at least 0, not {self.penalty}"
            )
        _require_rate(self.learning_rate)


# ------------------------------------------------------------------------- translation

Corpus = Literal["phrases", "multi30k"]
Graph = Literal["all", "english", "ring"]
Direction = tuple[str, str]


@dataclass(frozen=True)
class TranslationRun:
    """A translator; the defaults are the many-to-many run on Multi30k.

    ``graph`` says between which languages there is training data: all, English and
    any other, or besides these a ring through the others in their order. Directions
    in ``untrained``, such as ``"de-cs"``, are left out of it. Subwords are as many as
    ``vocabulary``; phrases have words instead. An epoch takes each sentence once, in
    a direction drawn at random; where sentences are ``packed`` into batches of few
    shapes, for a GPU, it takes as many out of all directions. The learning rate rises
    over ``warmup`` steps and then falls to zero with the last one. Judged are the mean
    weights after the last ``averaged`` epochs, with the ``beam``. ``lowercase`` is how
    the published figures were taken: all texts without capitals.
    """

    corpus: Corpus = "multi30k"
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
    packed: bool = False
    averaged: int = 1
    lowercase: bool = False
    beam: int = 5

    def __post_init__(self) -> None:
        require_choice(self, "corpus", get_args(Corpus))
        require_choice(self, "graph", get_args(Graph))
        require_choice(self, "tagged", get_args(Tag))
        self._require_languages()
        sizes = (
            "width",
            "hidden",
            "heads",
            "epochs",
            "batch_tokens",
            "averaged",
            "beam",
        )
        require_range(self, sizes, 1, LARGEST)
        require_range(self, ["encoder_layers", "decoder_layers"], 0, DEEPEST)
        least = 300 if self.corpus == "multi30k" else 1  # bytes alone are 256
        require_range(self, ["vocabulary"], least, LARGEST)
        require_range(self, ["warmup"], 0, LARGEST)
        require_truth(self, ("packed", "lowercase"))
        if self.lowercase and self.corpus == "phrases":
            raise ValueError("lowercase must be false for phrases, not True")
        if self.averaged > self.epochs:
            raise ValueError(
                f"averaged must be at most epochs, {self.epochs}, not {self.averaged}"
            )
        require_share(self, "smoothing")
        _require_rate(self.learning_rate)
        self.architecture(self.vocabulary)  # raises for sizes that do not fit
        if not trained_directions(self):
            raise ValueError(
                "untrained must leave a direction to train on, "
                f"not {','.join(self.untrained)!r}"
            )

    def _require_languages(self) -> None:
        known = LANGUAGES if self.corpus == "phrases" else MULTI30K
        different = set(self.languages)
        if not different <= set(known) or not 2 <= len(self.languages) <= len(
            different
        ):
            raise ValueError(
                f"languages must be two or more of {', '.join(known)}, each once, "
                f"not {','.join(self.languages)!r}"
            )

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


OPTIONS = {"final": "final_norm", "qk": "qk_norm"}


@dataclass(frozen=True)
class NormsRun:
    """Trainings of ``steps`` steps, one for each variant, depth and warm-up.

    A variant is a placement, with ``+final`` for norms at the ends and ``+qk`` for
    norms of queries and keys. A depth counts encoder blocks, and as many decoder
    blocks. The learning rate rises over the warm-up and then stays; nothing is clipped
    or dropped out. ``profile_steps`` are those before which all layers are recorded.
    ``double`` is for networks without norms: their scores grow so large that gradients
    in single precision are wrong by powers of ten.
    """

    corpus: Corpus = "multi30k"
    variants: tuple[str, ...] = ("post", "res_post", "res_post+final", "pre+final")
    depths: tuple[int, ...] = (1, 5)
    warmups: tuple[int, ...] = (0,)
    steps: int = 300
    profile_steps: tuple[int, ...] = (0, 50, 299)
    vocabulary: int = 8000
    width: int = 128
    hidden: int = 256
    heads: int = 4
    learning_rate: float = 1e-3
    batch_tokens: int = 1024
    double: bool = False

    def __post_init__(self) -> None:
        for name in ("variants", "depths", "warmups"):
            if not getattr(self, name):
                raise ValueError(f"{name} must name at least one, not ''")
        require_range(self, ["depths"], 1, DEEPEST)
        require_range(self, ["warmups"], 0, LARGEST)
        require_range(self, ["steps"], 1, LARGEST)
        require_range(self, ["profile_steps"], 0, self.steps - 1)
        require_truth(self, ["double"])
        for cell in cells(self):
            as_translation(self, cell)  # raises for a variant that does not exist

    @property
    def epochs(self) -> int:
        """How many networks there are, each of them to this run what an epoch is."""
        return len(cells(self))

    @property
    def languages(self) -> tuple[str, ...]:
        """All of the phrases' languages, or English and German."""
        return LANGUAGES if self.corpus == "phrases" else ("en", "de")


class Cell(NamedTuple):
    """One training of the grid."""

    variant: str
    depth: int
    warmup: int

    def __str__(self) -> str:
        return f"{self.variant}/{self.depth}/{self.warmup}"


def cells(run: NormsRun) -> list[Cell]:
    """All trainings of a run, in their order."""
    return list(
        itertools.starmap(
            Cell, itertools.product(run.variants, run.depths, run.warmups)
        )
    )


def as_translation(run: NormsRun, cell: Cell) -> TranslationRun:
    """What is trained: phrases in all directions, or English to German."""
    placement, *options = cell.variant.split("+")
    if placement not in get_args(Placement):
        raise ValueError(
            f"variants must begin with one of {', '.join(get_args(Placement))}, "
            f"not {cell.variant!r}"
        )
    if set(options) - set(OPTIONS):
        raise ValueError(
            f"variants must add {' or '.join(OPTIONS)} to a placement, "
            f"not {cell.variant!r}"
        )
    phrases = run.corpus == "phrases"
    return TranslationRun(
        corpus=run.corpus,
        languages=run.languages,
        untrained=() if phrases else ("de-en",),
        tagged="source",
        vocabulary=run.vocabulary,
        width=run.width,
        hidden=run.hidden,
        heads=run.heads,
        encoder_layers=cell.depth,
        decoder_layers=cell.depth,
        placement=cast(Placement, placement),
        final_norm="final" in options,
        qk_norm="qk" in options,
        dropout=0.0,
        learning_rate=run.learning_rate,
        batch_tokens=run.batch_tokens,
    )


# ------------------------------------------------------------------------------ records


def completed(kept: dict[str, Any], run: Any) -> dict[str, Any]:
    """A record's configuration with all fields of the run's type.

    A field that there was not yet when the record was written had its default.
    """
    return _as_kept({field.name: field.default for field in fields(run)}) | kept


def differences(kept: dict[str, Any], run: Any) -> list[str]:
    """The fields in which a record's configuration is another than the run's."""
    theirs, ours = completed(kept, run), _as_kept(asdict(run))
    return sorted(n for n in theirs | ours if theirs.get(n) != ours.get(n))


def _as_kept(values: dict[str, Any]) -> dict[str, Any]:
    """Values as a record holds them: tuples are lists there."""
    return dict(json.loads(json.dumps(values)))
