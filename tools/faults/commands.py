"""Command lines that ask for something wrong, and some that do not."""

import resource
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from random import Random
from typing import Any, get_origin, get_type_hints

from lib.experiments.table import EXPERIMENTS
from lib.training import records

from .bench import Bench, last_line
from .processes import forked, fresh
from .runs import BUNDLED, SETTINGS, command
from .verdicts import Verdict, refusal

# Texts that are no value of a field of the type, or none that any run can have.
WRONG: dict[Any, tuple[str, ...]] = {
    int: (
        *("", " ", "x", "1.5", "-1", "1e3", "nan", "0x10", "None", "true", "1,2"),
        *("99999999999999999999", "-99999999999999999999", "1__0", "٣.", "½", "1 2"),
    ),
    float: (
        *("", "x", "-1", "0", "1", "2", "1e9", "nan", "inf", "-inf", "1e-400", "None"),
        *("0,1", "1/2", "true"),
    ),
    bool: ("", "yes", "1", "0", "wahr", "None", "true,false", "-1"),
    tuple: (
        *("x", ",", "1,,2", "1;2", "-1", "0,0", "1.5", "(1,2)", "[1]", "None", "1,x"),
        *("99999999999999999999",),
    ),
    str: ("", " ", "x", "None", "0", "-", "ELBO", "../..", "mnist2", "пост", "a\nb"),
}
# Texts that say a number as no one types it: taken for what they say, or refused.
ODD = {int: (" 3", "+3", "3 ", "٣", "0_3", "03"), float: ("1e-3", ".001", " 0.001")}
ROOM = 2 << 30  # bytes that such a run may add: what asks for more is refused


@dataclass(frozen=True)
class Line:
    """A command line, with what its refusal has to name; or that it has to run."""

    kind: str
    arguments: tuple[str, ...]
    names: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    runs: bool = False  # it is right, if odd
    alone: bool = False

    @property
    def fault(self) -> str:
        words = [f"{key}={value!r}" for key, value in self.environment]
        return " ".join([*words, *map(repr, self.arguments)])

    def tried(self, bench: Bench, folder: Path) -> tuple[Verdict, str]:
        places = {"OUT": str(folder / "out"), "HERE": str(folder)}
        (folder / "file").touch()
        arguments = [_placed(part, places) for part in self.arguments]
        environment = {key: _placed(text, places) for key, text in self.environment}
        if self.alone or self.environment:
            said = fresh(arguments, environment=environment)
        else:
            said = forked(arguments, before=_crowd)
        verdict = refusal(said, self.names)
        if verdict is Verdict.REFUSED and self.runs:
            verdict = Verdict.UNCALLED
        if verdict is Verdict.REFUSED and list((folder / "out").glob("*")):
            verdict = Verdict.LEFT
        if verdict is None:
            verdict = self._accepted(folder)
            if self.runs:  # and says what it does instead, if anything
                told = all(name in said.err for name in self.names)
                verdict = Verdict.SAME if told else Verdict.OTHER
        return verdict, last_line(said)

    def _accepted(self, folder: Path) -> Verdict:
        """Whether a run that was to be refused took the value for what it says."""
        setting = self.arguments[self.arguments.index("--set") :][-1:]
        field, _, text = (setting or [""])[0].partition("=")
        kept = [records.read(path) for path in (folder / "out").glob("*.json")]
        taken = [_written(record["configuration"].get(field)) for record in kept]
        return Verdict.SAME if any(_alike(text, x) for x in taken) else Verdict.OTHER


def _written(value: object) -> str:
    """A value of a record as ``--set`` takes it."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _alike(text: str, taken: str) -> bool:
    """Whether a value is what a text says."""
    try:
        return text.strip() == taken or float(text) == float(taken)
    except ValueError:
        return False


def _placed(text: str, places: dict[str, str]) -> str:
    for name, place in places.items():
        text = text.replace(name, place)
    return text


def _crowd() -> None:
    """Leave room for a small run, beyond what the process has of the one before it."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _run(rng: Random, *more: str) -> tuple[str, ...]:
    return tuple(command(rng.choice(BUNDLED), Path("OUT"), *more))


def _kind(name: str, field: str) -> Any:
    kind = get_type_hints(type(EXPERIMENTS[name].run))[field]
    origin = get_origin(kind)
    return tuple if origin is tuple else kind if kind in WRONG else str


def wrong_value(rng: Random) -> Line:
    """A field with a text that is no value of it."""
    name = rng.choice(BUNDLED)
    field = rng.choice([field.name for field in fields(EXPERIMENTS[name].run)])
    text = rng.choice(WRONG[_kind(name, field)])
    arguments = command(name, Path("OUT"), "--set", f"{field}={text}")
    return Line("wrong value", tuple(arguments), (field,))


def odd_value(rng: Random) -> Line:
    """A number that is spelt oddly."""
    name = rng.choice(BUNDLED)
    known = [field.name for field in fields(EXPERIMENTS[name].run)]
    small = [field for field in known if _kind(name, field) in ODD]
    kept = {setting.partition("=")[0] for setting in SETTINGS[name].split()}
    field = rng.choice([f for f in small if f in kept or _kind(name, f) is float])
    text = rng.choice(ODD[_kind(name, field)])
    arguments = command(name, Path("OUT"), "--set", f"{field}={text}")
    return Line("odd value", tuple(arguments), (field,), runs=False)


def misspelt(rng: Random) -> Line:
    """A field, a name or an option that does not exist."""
    what = rng.choice(["field", "equals", "name", "option", "command"])
    word = "".join(rng.choices("abcdefghij", k=6))
    if what == "field":
        return Line("misspelt", _run(rng, "--set", f"{word}=1"), (word,))
    if what == "equals":
        return Line("misspelt", _run(rng, "--set", word), (word, "FIELD=VALUE"))
    if what == "name":
        return Line("misspelt", ("run", word, "--out", "OUT"), (word,))
    if what == "option":
        return Line("misspelt", _run(rng, f"--{word}"), (word,))
    return Line("misspelt", (word, "--out", "OUT"), (word,))


# What follows a run's command, and what the refusal names.
OPTIONS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("--seed", "-1"), ("-1",)),
    (("--seed", "1.5"), ("1.5",)),
    (("--seed", "x"), ("'x'",)),
    (("--seed", str(2**63)), (str(2**63),)),
    (("--seed", ""), ("--seed",)),
    (("--seed", "²"), ("²",)),
    (("--seed", "9" * 5000), ("--seed",)),
    (("--epochs", "0"), ("epochs",)),
    (("--epochs", "many"), ("epochs",)),
    (("--device", "gpu"), ("gpu",)),
    (("--device", "cuda"), ("cuda",)),
    (("--device", "cuda:99"), ("cuda:99",)),
    (("--device", "mps"), ("mps",)),
    (("--device", "cpu:3"), ("cpu:3",)),
    (("--device", "cpu\n"), ("cpu",)),
    (("--device", ""), ("--device",)),
    (("--precision", "half"), ("half",)),
    (("--capture", "yes"), ("yes",)),
    (("--resume", "--overwrite"), ("--resume",)),
    (("--out", "HERE/file"), ("HERE",)),
    (("--out", "HERE/file/below"), ("HERE",)),
    (("--out", "/proc/none"), ("/proc/none",)),
    (("--out", "HERE/" + 300 * "x"), ("x",)),
    (("--log", "HERE/file"), ("HERE",)),
    (("--log", "/proc/none"), ("/proc/none",)),
    (("--out",), ("--out",)),
    (("--seed",), ("--seed",)),
    (("more",), ("more",)),
    (("--set",), ("--set",)),
    (("--set", "="), ("''",)),
    (("--set", "=3"), ("''",)),
    (("--set", "epochs=1=2"), ("epochs",)),
    (("--keep-weights=yes",), ("--keep-weights",)),
)


# What a processor does otherwise, and what it then says.
REPLACED: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("--precision", "bf16"), ("bf16 is for CUDA GPUs: float32",)),
    (("--precision", "tf32"), ("tf32 is for CUDA GPUs: float32",)),
    (("--capture", "graph"), ("only a CUDA GPU captures steps",)),
)


def wrong_option(rng: Random) -> Line:
    """An option with a value that it does not take, or with another against it."""
    more, names = rng.choice(OPTIONS + REPLACED)
    names = names if "HERE" not in names else ()
    runs = (more, names) in REPLACED
    return Line("wrong option", _run(rng, *more), names, runs=runs)


# Command lines of their own, and what the refusal names.
WHOLE: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    ((), ("command",)),
    (("run",), ("NAME",)),
    (("list", "more"), ("more",)),
    (("compare",), ("A",)),
    (("compare", "HERE/a"), ("B",)),
    (("compare", "HERE/a", "HERE/b"), ("/a",)),
    (("compare", "HERE/file", "HERE/file"), ("file",)),
    (("compare", "HERE", "HERE"), ()),
    (("compare", "/dev/null", "/dev/null"), ("/dev/null",)),
    (("sweep", "vae-digits", "--out", "OUT"), ("--grid",)),
    (("sweep", "vae-digits", "--grid", "x=1", "--out", "OUT"), ("x",)),
    (("sweep", "vae-digits", "--grid", "hidden", "--out", "OUT"), ("hidden",)),
    (("sweep", "vae-digits", "--grid", "hidden=", "--out", "OUT"), ("hidden",)),
    (("sweep", "vae-digits", "--grid", "hidden=a", "--out", "OUT"), ("hidden",)),
    (("sweep", "vae-digits", "--grid", "seed=3:1", "--out", "OUT"), ("seed",)),
    (("sweep", "vae-digits", "--grid", "seed=-1", "--out", "OUT"), ("seed",)),
    (("sweep", "vae-digits", "--grid", "seed=0:x", "--out", "OUT"), ("seed",)),
    (("sweep", "nothing", "--grid", "seed=1", "--out", "OUT"), ("nothing",)),
    (("sweep", "vae-digits", "--grid", "seed=1", "--jobs", "0"), ("--jobs",)),
    (("sweep", "vae-digits", "--grid", "seed=1", "--jobs", "x"), ("--jobs",)),
    (("sweep", "vae-digits", "--grid", "seed=1", "--cluster", "x"), ("--cluster",)),
    (("sweep", "vae-digits", "--grid", "seed=1", "--grid", "seed=2"), ("seed",)),
    (("run", "vae-mnist", "--data", "HERE", "--out", "OUT"), ("--download",)),
    (("run", "vae-mnist", "--data", "HERE/file", "--out", "OUT"), ("file",)),
    (("run", "translate-multi30k", "--data", "HERE", "--out", "OUT"), ("--download",)),
    (("run", "gan-digits", "--keep-weights", "--out", "OUT"), ("--keep-weights",)),
    (("run", "norms-phrases", "--keep-weights", "--out", "OUT"), ("--keep-weights",)),
    (("run", "vae-digits", "gan-digits", "--out", "OUT"), ("gan-digits",)),
    (("--help=x",), ("--help",)),
)


def wrong_whole(rng: Random) -> Line:
    """A command that lacks something, or has too much."""
    return Line("wrong command", *rng.choice(WHOLE))


# Fields that do not go together, or more than any memory holds; and what is named.
TOGETHER: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("translate-phrases", "averaged=9", ("averaged",)),
    ("translate-phrases", "languages=en", ("languages",)),
    ("translate-phrases", "languages=en,en", ("languages",)),
    ("translate-phrases", "languages=en,xx", ("languages",)),
    ("translate-phrases", "untrained=en-de,de-en", ("untrained",)),
    ("translate-phrases", "lowercase=true", ("lowercase",)),
    ("translate-phrases", "heads=3", ("heads",)),
    ("translate-phrases", "width=7", ("width",)),
    ("translate-phrases", "smoothing=1", ("smoothing",)),
    ("translate-phrases", "dropout=1", ("dropout",)),
    ("translate-phrases", "dropout=nan", ("dropout",)),
    ("translate-phrases", "batch_tokens=0", ("batch_tokens",)),
    ("translate-phrases", "corpus=multi30k", ("--download",)),
    ("norms-phrases", "profile_steps=5", ("profile_steps",)),
    ("norms-phrases", "profile_steps=-1", ("profile_steps",)),
    ("norms-phrases", "variants=", ("variants",)),
    ("norms-phrases", "variants=pre+x", ("variants",)),
    ("norms-phrases", "variants=xx", ("xx",)),
    ("norms-phrases", "depths=", ("depths",)),
    ("norms-phrases", "depths=0", ("depths",)),
    ("norms-phrases", "warmups=-1", ("warmups",)),
    ("norms-phrases", "corpus=none", ("corpus",)),
    ("vae-digits", "digits=cifar", ("digits",)),
    ("vae-digits", "nll_images=1", ("nll_images",)),
    ("vae-digits", "hidden=1000000", ("hidden",)),
    ("vae-digits", "latents=1000000", ("latents",)),
    ("vae-digits", "figure_epochs=0", ("figure_epochs",)),
    ("iwae-mnist-k5", "stages=13", ("stages",)),
    ("iwae-mnist-k5", "stages=0", ("stages",)),
    ("iwae-mnist-k5", "samples=1000000", ("samples",)),
    ("gan-digits", "loss=wasserstein", ("loss",)),
    ("gan-digits", "activation=", ("activation",)),
    ("gan-digits", "penalty=-1", ("penalty",)),
    ("gan-digits", "penalty=nan", ("penalty",)),
    ("gan-digits", "penalty=inf", ("penalty",)),
    ("gan-digits", "samples=1", ("samples",)),
    ("gan-digits", "generator_widths=1000000,1000000", ("generator_widths",)),
    ("gan-digits", "discriminator_widths=0", ("discriminator_widths",)),
    ("gan-digits", "learning_rate=1", ("learning_rate",)),
    ("gan-digits", "learning_rate=0", ("learning_rate",)),
)


def together(rng: Random) -> Line:
    """Fields that do not go together, or more than any memory holds."""
    name, setting, names = rng.choice(TOGETHER)
    arguments = command(name, Path("OUT"), "--set", setting)
    return Line("combination", tuple(arguments), names)


# Variables of the environment; what the refusal names, or that the run goes well.
ENVIRONMENT: tuple[tuple[dict[str, str], tuple[str, ...], bool], ...] = (
    ({"CHECKED_GRADIENTS_THREADS": "0"}, ("CHECKED_GRADIENTS_THREADS",), False),
    ({"CHECKED_GRADIENTS_THREADS": "x"}, ("CHECKED_GRADIENTS_THREADS",), False),
    ({"CHECKED_GRADIENTS_THREADS": "-1"}, ("CHECKED_GRADIENTS_THREADS",), False),
    ({"CHECKED_GRADIENTS_THREADS": "1.5"}, ("CHECKED_GRADIENTS_THREADS",), False),
    ({"CHECKED_GRADIENTS_THREADS": "²"}, ("CHECKED_GRADIENTS_THREADS",), False),
    ({"CHECKED_GRADIENTS_THREADS": "100000"}, ("CHECKED_GRADIENTS_THREADS",), False),
    ({"CHECKED_GRADIENTS_THREADS": "9" * 5000}, ("CHECKED_GRADIENTS_THREADS",), False),
    ({"CHECKED_GRADIENTS_THREADS": ""}, (), True),
    ({"CHECKED_GRADIENTS_DEVICE": "gpu"}, ("gpu",), False),
    ({"CHECKED_GRADIENTS_DEVICE": "cuda"}, ("cuda",), False),
    ({"CHECKED_GRADIENTS_DEVICE": "CPU"}, ("CPU",), False),
    ({"CHECKED_GRADIENTS_DEVICE": "meta"}, ("meta",), False),
    ({"CHECKED_GRADIENTS_DEVICE": "mps"}, ("mps",), False),
    ({"CHECKED_GRADIENTS_DEVICE": ""}, (), True),
    ({"CHECKED_GRADIENTS_DATA": "/none"}, (), True),  # bundled data need no folder
    ({"CHECKED_GRADIENTS_COMMIT": "x\ny"}, (), True),
    ({"TQDM_DISABLE": "x"}, (), True),
    ({"TQDM_MININTERVAL": "x"}, ("TQDM_",), False),
    ({"OMP_NUM_THREADS": "x"}, (), True),
    ({"PYTHONIOENCODING": "ascii"}, (), True),
    ({"LC_ALL": "C", "PYTHONUTF8": "0"}, (), True),
    ({"LC_ALL": "xx_XX"}, (), True),
    ({"COLUMNS": "x"}, (), True),
    ({"COLUMNS": "1"}, (), True),
    ({"HOME": "/none"}, (), True),
    ({"PATH": ""}, (), True),
    ({"MPLBACKEND": "none"}, (), True),
    ({"MPLCONFIGDIR": "/proc/none"}, (), True),
    ({"PYTHONOPTIMIZE": "2"}, (), True),
    ({"PYTHONHASHSEED": "7"}, (), True),
    ({"PYTHONWARNINGS": "error"}, (), True),
    ({"WORLD_SIZE": "x", "RANK": "x"}, (), True),  # another launcher's
    ({"TORCHELASTIC_RUN_ID": "a", "WORLD_SIZE": "x"}, ("WORLD_SIZE",), False),
    ({"TORCHELASTIC_RUN_ID": "a", "WORLD_SIZE": ""}, ("WORLD_SIZE",), False),
    ({"TORCHELASTIC_RUN_ID": "a", "RANK": "x"}, ("RANK",), False),
    ({"TORCHELASTIC_RUN_ID": "a", "LOCAL_RANK": "-"}, (), True),  # of one process
)


def environment(rng: Random) -> Line:
    """A variable of the environment with a text that makes no sense, or an odd one."""
    variables, names, runs = rng.choice(ENVIRONMENT)
    arguments = tuple(command(rng.choice(["vae-digits", "iwae-mnist-k5"]), Path("OUT")))
    return Line("environment", arguments, names, tuple(variables.items()), runs)


MAKERS: tuple[Callable[[Random], Line], ...] = (
    *(wrong_value, wrong_value, wrong_value, odd_value, misspelt),
    *(wrong_option, wrong_option, wrong_whole, together, together, environment),
)


def command_lines(count: int, rng: Random) -> list[Line]:
    """Different ones of all kinds, every tenth of them in a process of its own."""
    lines: dict[str, Line] = {}
    while len(lines) < count:
        line = MAKERS[len(lines) % len(MAKERS)](rng)
        for _ in range(30):  # a kind may have no more than there are already
            if line.fault not in lines:
                break
            line = rng.choice(MAKERS)(rng)
        lines[line.fault] = line
    numbered = enumerate(lines.values())
    return [replace(line, alone=number % 10 == 0) for number, line in numbered]
