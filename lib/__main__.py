"""``python -m lib``: the full-scale experiments.

``list`` names them, ``run`` runs one, ``sweep`` one with many settings and seeds,
``compare`` tells whether two sets of records agree, and ``migrate`` brings an earlier
version's records along. Standard output gets the list, the
final metrics as one line of JSON, or a table; everything else goes to standard error.
A request that cannot be met ends with one line there and exit status 2. Under torchrun
several processes train one run together, of which one writes and speaks.
"""

import argparse
import json
import re
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin, get_type_hints

from lib.data.catalogue import CorpusError, DataError
from lib.data.fetching import in_one_line
from lib.experiments.run import run_experiment
from lib.experiments.table import EXPERIMENTS, Run
from lib.training import environment
from lib.training.errors import TrainingError
from lib.training.records import RecordError


class UsageError(Exception):
    """The command line asks for something that does not exist."""


ERRORS = (UsageError, DataError, CorpusError, TrainingError, RecordError)


class Parser(argparse.ArgumentParser):
    """argparse, except that an error is one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def main(arguments: list[str]) -> int:
    """Run the command line; the exit status."""
    try:
        options = parser().parse_args(arguments)
        if options.command != "run" and environment.processes() > 1:
            raise UsageError(f"{options.command} is not for torchrun: start it alone")
        if options.command == "list":
            for name, experiment in EXPERIMENTS.items():
                print(f"{name:32} {experiment.about}")
            return 0
        if options.command == "sweep":
            return sweep(options)
        if options.command == "compare":
            return compare(options)
        if options.command == "migrate":
            return migrate(options)
        record = run_experiment(
            options.name,
            configuration(options.name, options.epochs, options.set),
            seed=options.seed,
            device=options.device,
            precision=options.precision,
            capture=options.capture,
            data=options.data,
            out=options.out,
            existing=options.existing,
            download=options.download,
            accept_unknown=options.accept_unknown_data,
            keep_weights=options.keep_weights,
            log=options.log,
        )
    except ERRORS as error:
        if first_to_tell():
            print(f"error: {in_one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        if environment.rank() == 0:
            print("interrupted: with --resume the run goes on", file=sys.stderr)
        return 130
    if environment.rank() == 0:
        found = {"name": options.name, "seed": options.seed, **record["metrics"]}
        print(json.dumps(found))
    return 0


def first_to_tell() -> bool:
    """Whether an error is this process's to tell, of several that may know of it."""
    try:
        if "torch" not in sys.modules:  # what all on this machine see alike was refused
            return environment.local_rank() == 0
        from lib.training import distributed

        return distributed.first_to_tell()
    except TrainingError:  # which of them it is cannot be told
        return True


def parser() -> Parser:
    top = Parser(prog="python -m lib", description="Run the book's experiments.")
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="name the experiments")
    run = commands.add_parser("run", help="run one and write its record")
    run.add_argument("name", metavar="NAME")
    run.add_argument("--epochs", metavar="N", help="the same as --set epochs=N")
    run.add_argument("--seed", type=seed, default=0, metavar="S")
    _common(run)
    existing = run.add_mutually_exclusive_group()
    for name, what in {
        "resume": "go on where an earlier run stopped; a finished one is left as it is",
        "overwrite": "start anew in place of an earlier run",
    }.items():
        existing.add_argument(
            f"--{name}", action="store_const", const=name, dest="existing", help=what
        )
    run.set_defaults(existing="refuse")
    run.add_argument(
        "--keep-weights", action="store_true", help="put them into the record"
    )
    run.add_argument("--download", action="store_true", help="fetch the data")
    run.add_argument("--accept-unknown-data", action="store_true")
    _sweep(commands.add_parser("sweep", help="run one with many settings and seeds"))
    both = commands.add_parser("compare", help="do records agree within their spread?")
    both.add_argument("first", type=Path, metavar="A", help="a folder, or one record")
    both.add_argument("others", type=Path, metavar="B", nargs="+", help="likewise")
    older = commands.add_parser("migrate", help="bring an earlier version's records on")
    older.add_argument("folder", type=Path, metavar="FOLDER")
    return top


def _common(command: argparse.ArgumentParser) -> None:
    """What a run takes and a sweep passes on to each of its runs."""
    command.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    command.add_argument("--device", type=device, metavar="D", help="cpu, cuda or mps")
    for name, default, choices in (
        ("precision", "float32", ("float32", "tf32", "bf16")),
        ("capture", "auto", ("auto", "compile", "graph", "off")),
    ):
        command.add_argument(
            f"--{name}", choices=choices, default=default, help="on a CUDA GPU"
        )
    command.add_argument(
        "--data", type=Path, metavar="DIR", help="holds MNIST and Multi30k"
    )
    command.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR")
    command.add_argument(
        "--log", type=Path, metavar="DIR", help="for TensorBoard, while it trains"
    )


def _sweep(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME")
    command.add_argument(
        "--grid",
        action="append",
        required=True,
        metavar="FIELD=VALUES",
        help="as width=32,64 or seed=0:5, which is 0 to 4; may be given several times",
    )
    _common(command)
    command.add_argument(
        "--jobs",
        type=at_least_one,
        metavar="N",
        help="at once; as many as there are devices, unless it is given",
    )
    command.add_argument("--cluster", choices=["slurm"], help="where the runs are run")
    command.add_argument("--metric", metavar="M", help="for the table and the picture")


def seed(text: str) -> int:
    """A seed that every one of PyTorch's generators takes."""
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number below 2^63")
    return int(text)


def device(text: str) -> str:
    """A device as PyTorch spells it; whether it is there, is seen with PyTorch."""
    if not re.fullmatch(r"cpu|(cuda|mps)(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not cpu, cuda or mps")
    return text


def at_least_one(text: str) -> int:
    """A number of runs."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def sweep(options: argparse.Namespace) -> int:
    """Run a grid; its table, and the picture beside the records."""
    from lib.experiments import sweep, sweep_results
    from lib.training import records

    def configure(settings: list[str]) -> Run:
        return configuration(options.name, None, settings)

    known = [*(field.name for field in fields(configure([]))), "seed"]
    try:
        grid = sweep.read_grid(options.grid, known)
        points = sweep.points(options.name, grid, options.set, configure, options.out)
    except ValueError as error:
        raise UsageError(str(error)) from None
    common = [part for setting in options.set for part in ("--set", setting)]
    for name in ("device", "precision", "capture", "data", "log"):
        if (value := getattr(options, name)) is not None:
            common += [f"--{name}", str(value)]
    try:
        outcomes = sweep.sweep(
            points,
            common,
            device=options.device,
            jobs=options.jobs,
            cluster=options.cluster,
            out=options.out,
        )
    except KeyboardInterrupt:
        print("interrupted: the same command goes on with the sweep", file=sys.stderr)
        return 130
    results = sweep_results.cells(outcomes, options.metric)
    print(aligned(sweep_results.table(results)))
    axis = next((field for field in grid if field != "seed"), None)
    if axis and sweep_results.metrics(results):
        picture = options.out / f"{options.name}-sweep.png"
        records.write_figure(picture, sweep_results.figure(results, axis))
        print(f"picture in {picture}", file=sys.stderr)
    failed = [outcome for outcome in outcomes if outcome.record is None]
    for point, _, reason in failed:
        print(f"failed: {point.label}: {reason}", file=sys.stderr)
    return 1 if failed else 0


def compare(options: argparse.Namespace) -> int:
    """The comparison's table; 0 if the sets agree, and 1 if they differ."""
    from lib.experiments import comparison

    rows = comparison.compare(options.first, options.others)
    print(aligned(comparison.table(rows, options.first)))
    verdicts = [row.verdict for row in rows]
    print(comparison.summary(rows))
    if "agree" not in verdicts and "differ" not in verdicts:
        raise RecordError(
            "cannot compare: nothing could be judged: give each side several seeds"
        )
    return 1 if "differ" in verdicts else 0


def migrate(options: argparse.Namespace) -> int:
    """What was brought along, and what was left, line by line; 1 if something was."""
    from lib.experiments import migration

    left = 0
    for found in migration.migrate(options.folder):
        said = in_one_line(found.said)
        if found.done:
            print(said)
        else:
            left += 1
            print(f"left: {said}", file=sys.stderr)
    return 1 if left else 0


def aligned(rows: list[list[str]]) -> str:
    """A table in columns, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def configuration(name: str, epochs: str | None, settings: list[str]) -> Run:
    """The named experiment's configuration, with the fields that were set."""
    if name not in EXPERIMENTS:
        raise UsageError(
            f"no experiment {name!r}: choose one of {', '.join(EXPERIMENTS)}"
        )
    run = EXPERIMENTS[name].run
    known = [field.name for field in fields(run)]
    changes = {}
    for setting in [*settings, *([f"epochs={epochs}"] if epochs is not None else [])]:
        field, equals, text = setting.partition("=")
        if not equals:
            raise UsageError(f"--set {setting}: write FIELD=VALUE")
        if field not in known:
            raise UsageError(f"no field {field!r}: choose one of {', '.join(known)}")
        changes[field] = parse(field, text, get_type_hints(type(run))[field])
    try:
        return replace(run, **changes)
    except ValueError as error:
        raise UsageError(str(error)) from None


def parse(field: str, text: str, kind: Any) -> Any:
    """``text`` as a value of the field's type; a tuple is written 1,5,20."""
    try:
        if get_origin(kind) is Literal:
            return text  # the configuration knows which words it takes
        if kind in (int, float, str):
            return kind(text)
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        entry = get_args(kind)[0]
        return tuple(entry(part) for part in (text.split(",") if text else ()))
    except (ValueError, KeyError):
        wanted = {int: "a whole number", float: "a number", bool: "true or false"}
        raise UsageError(
            f"{field} must be {wanted.get(kind, 'whole numbers, as in 1,5,20')}, "
            f"not {text!r}"
        ) from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
