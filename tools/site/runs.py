"""The recorded runs, as MyST text: what each gave, on what, and how to repeat it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from lib.experiments.table import EXPERIMENTS
from lib.pages.tables import mean_and_spread
from lib.training import records
from tools.digest import RECORDS

from .published import PUBLISHED

Record = dict[str, Any]
STEM = re.compile(r"(?P<run>.+)-seed(?P<seed>\d+)(?P<variant>.*)")


COLUMNS = 79  # of code, on a page


class Run(NamedTuple):
    """A record, and which run it is of; a ``variant`` was judged in another way."""

    seed: int
    variant: str
    record: Record


class Measure(NamedTuple):
    """What is read from a record's metrics, its name, and how it is printed."""

    name: str
    read: Callable[[Record], float]
    form: str = ".2f"


def loss_of_gradient(variant: str) -> Callable[[Record], float]:
    """The encoder's gradient at the first place over that at the last, at the start."""

    def read(metrics: Record) -> float:
        profiles = metrics["profiles"]
        depths = {int(cell.split("/")[1]) for cell in profiles}
        start = profiles[f"{variant}/{max(depths)}/0"]["0"]["encoder gradient"]
        return float(start[0] / start[-1])

    return read


VAE = (
    Measure("loss, grey", lambda m: -m["test_elbo"]["mean"]),
    Measure("NLL", lambda m: m["test_nll"]["mean"]),
)
NORMS = (
    Measure("post-norm", loss_of_gradient("post"), ".3g"),
    Measure("pre-norm", loss_of_gradient("pre+final"), ".3g"),
)
EVENNESS = Measure("evenness", lambda m: m["coverage"]["evenness"], ".3f")
MEASURES: dict[str, tuple[Measure, ...]] = {  # by how the run's name starts
    "vae-": VAE,
    "iwae-": (
        Measure("NLL", lambda m: m["test_nll"]["mean"]),
        Measure("active latents", lambda m: m["active"], ".1f"),
    ),
    "gan-mnist": (
        Measure("Fréchet distance", lambda m: m["frechet"]["value"], ".1f"),
        EVENNESS,
    ),
    "gan-digits": (
        Measure("digits that occur", lambda m: m["coverage"]["occurring"], ".0f"),
        EVENNESS,
    ),
    "translate-multi30k-en-de": (
        Measure("BLEU", lambda m: m["directions"]["en-de"]["bleu"], ".1f"),
        Measure(
            "BLEU, Moses",
            lambda m: m["directions"]["en-de"]["bleu_moses"],
            ".1f",
        ),
    ),
    "translate-multi30k": (
        Measure("BLEU, de-en", lambda m: m["directions"]["de-en"]["bleu"], ".1f"),
        Measure("BLEU, en-de", lambda m: m["directions"]["en-de"]["bleu"], ".1f"),
    ),
    "translate-phrases": (Measure("phrases right", lambda m: m["exact"], ".3f"),),
    "norms-": NORMS,
}
PARTS = {
    "vae-": "Variational autoencoders",
    "iwae-": "Importance-weighted autoencoders",
    "gan-": "Generative adversarial networks",
    "translate-": "Translators",
    "norms-": "Gradient norms",
}


def stored() -> dict[str, list[Run]]:
    """All records by the name of their experiment, in the table's order."""
    found: dict[str, list[Run]] = {name: [] for name in EXPERIMENTS}
    for path in sorted(RECORDS.glob("*.json")):
        named = STEM.fullmatch(path.stem)
        if named is None or named["run"] not in found:
            raise ValueError(f"{path.name} is of no experiment of the table")
        run = Run(int(named["seed"]), named["variant"].strip("-"), records.read(path))
        found[named["run"]].append(run)
    return {name: sorted(runs) for name, runs in found.items() if runs}


def measures(name: str) -> tuple[Measure, ...]:
    """What is shown of a run: the entry whose start of a name is the longest."""
    fits = [start for start in MEASURES if name.startswith(start)]
    return MEASURES[max(fits, key=len)]


def compared() -> str:
    """The runs that have a published figure, each with its own beside it."""
    runs = stored()
    rows = ["| run | here | published |", "|---|---|---|"]
    for name, published in PUBLISHED.items():
        if published.figure:
            [measure] = [m for m in measures(name) if m.name == published.measure]
            here = f"{over_seeds(runs[name], measure)} ({measure.name})"
            rows.append(f"| [{name}](#run-{name}) | {here} | {published.figure} |")
    return "\n".join(rows)


def sections() -> str:
    """A section for each part, with one for each of its runs."""
    parts = []
    for start, title in PARTS.items():
        some = {n: runs for n, runs in stored().items() if n.startswith(start)}
        parts += [f"## {title}", *(_section(n, runs) for n, runs in some.items())]
    return "\n\n".join(parts)


def over_seeds(runs: Iterable[Run], measure: Measure) -> str:
    """The mean and the spread over the seeds; of one seed, its value."""
    values = [measure.read(r.record["metrics"]) for r in runs if not r.variant]
    if len(values) == 1:
        return f"{values[0]:{measure.form}}"
    return mean_and_spread(values, measure.form)


def _section(name: str, runs: list[Run]) -> str:
    published = PUBLISHED.get(name)
    said = published.said if published else "None: the data are this book's own choice."
    return "\n\n".join(
        [
            f"(run-{name})=\n### {name}",
            f"{EXPERIMENTS[name].about[0].upper()}{EXPERIMENTS[name].about[1:]}.",
            _table(runs, measures(name)),
            _spread(runs, measures(name)),
            f"**Published:** {said}",
            f"**Data:** {_distinct(r.record['data']['source'] for r in runs)}.",
            f"**Device:** {_distinct(map(_device, runs))}.",
            f"```bash\n{commands(name, runs)}\n```",
        ]
    )


def _table(runs: Sequence[Run], shown: Sequence[Measure]) -> str:
    """A row for each record."""
    head = ["seed", *(measure.name for measure in shown), "time"]
    rows = [head, ["---"] * len(head)]
    for run in runs:
        values = [f"{m.read(run.record['metrics']):{m.form}}" for m in shown]
        seed = f"{run.seed} ({run.variant})" if run.variant else str(run.seed)
        rows.append([seed, *values, duration(run.record["seconds"]["training"])])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _spread(runs: Sequence[Run], shown: Sequence[Measure]) -> str:
    """The means and spreads in a sentence."""
    seeds = sum(not run.variant for run in runs)
    if seeds == 1:
        return "**Spread:** unknown, of one seed."
    said = ", ".join(f"{m.name} {over_seeds(runs, m)}" for m in shown)
    return f"**Mean ± spread** over {seeds} seeds: {said}."


def duration(seconds: float) -> str:
    """A time as one reads it: 27 s, 45 min, 1 h 23 min."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def commands(name: str, runs: Iterable[Run]) -> str:
    """What repeats the runs: a line for those that differ by the seed alone."""
    seeds: dict[str, list[str]] = {}
    for run in runs:
        kept = " --keep-weights" if "weights" in run.record else ""
        options = settings(name, run) + kept + engine(run)
        seeds.setdefault(options, []).append(str(run.seed))
    return "\n".join(_line(name, changed, some) for changed, some in seeds.items())


def _line(name: str, changed: str, seeds: list[str]) -> str:
    if len(seeds) == 1:
        return _broken(f"python -m lib run {name} --seed {seeds[0]}", changed)
    numbers = " ".join(seeds)
    line = _broken(f"  python -m lib run {name} --seed $seed", changed)
    return f"for seed in {numbers}; do\n{line}\ndone"


def _broken(start: str, options: str) -> str:
    """One command, in two lines where one does not fit the page's column."""
    line = start + options
    return line if len(line) <= COLUMNS else f"{start} \\\n     {options}"


def settings(name: str, run: Run) -> str:
    """How a run's configuration differs from the experiment's own, as options."""
    usual = {k: _as_stored(v) for k, v in asdict(EXPERIMENTS[name].run).items()}
    changed = {
        key: value
        for key, value in run.record["configuration"].items()
        if key in usual and usual[key] != value
    }
    return "".join(f" --set {key}={value}" for key, value in changed.items())


def engine(run: Run) -> str:
    """The options that name a device and a precision, where these are not the usual."""
    said = run.record["provenance"]
    options = {"device": "cpu", "precision": "float32"}
    return "".join(
        f" --{name} {said[name]}"
        for name, usual in options.items()
        if said.get(name, usual) != usual
    )


def _as_stored(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _device(run: Run) -> str:
    said = run.record["provenance"]
    threads = f"{said['threads']} thread{'s' if said['threads'] > 1 else ''}"
    return f"{said['device_name']} ({said['device']}, {threads})"


def _distinct(said: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(said))
