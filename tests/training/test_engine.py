"""What a run computes with: what is asked for, what there is, and what is said."""

from types import SimpleNamespace

import pytest
import torch

from lib.training import engine, loop
from lib.training.distributed import Workers
from lib.training.engine import Engine, decide
from lib.training.errors import TrainingError

ALL = ("float32", "tf32", "bf16")
BOTH = ("graph", "compile")


def decided(precision, capture, captures=BOTH, precisions=ALL, device=None):
    said: list[str] = []
    found = decide(device, precision, capture, captures, precisions, said.append)
    return found, said


@pytest.fixture
def gpu(monkeypatch):
    """A CUDA GPU, as far as decisions look at one."""
    made = SimpleNamespace(device=torch.device("cuda"))
    monkeypatch.setattr(engine, "prepare", lambda seed, device: made)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda place: (9, 0))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda place: "a GPU")
    monkeypatch.setattr(engine, "find_spec", lambda name: object())
    return monkeypatch


def test_a_processor_runs_steps_one_by_one_in_32_bits() -> None:
    assert decided("float32", "auto") == (Engine(), [])
    found, said = decided("bf16", "graph")
    assert found == Engine()
    assert said == [
        "bf16 is for CUDA GPUs: float32 on cpu",
        "only a CUDA GPU captures steps: one by one on cpu",
    ]


def test_the_processor_is_named_where_it_was_and_compiles_nothing() -> None:
    found, said = decided("float32", "compile", device="cpu")
    assert found == Engine("cpu")
    assert said == ["only a CUDA GPU captures steps: one by one on cpu"]


def test_a_device_that_is_not_there_is_an_error() -> None:
    with pytest.raises(TrainingError, match="no device 'cuda:9'"):
        decided("float32", "auto", device="cuda:9")


def test_nor_is_one_there_whose_generator_is_but_not_its_memory(monkeypatch) -> None:
    made = []
    monkeypatch.setattr(torch, "Generator", lambda device: made.append(device))
    with pytest.raises(TrainingError) as said:
        engine.prepare(0, "cuda:99")
    assert made == ["cuda:99"]
    assert str(said.value) == (
        "no device 'cuda:99' on this machine: use cpu, cuda or mps, whichever PyTorch "
        "finds here"
    )


@pytest.mark.parametrize(
    ("capture", "captures", "runs", "said"),
    [
        ("auto", BOTH, "graph", None),
        ("auto", (), "off", None),
        ("off", BOTH, "off", None),
        ("compile", BOTH, "compile", None),
        ("compile", ("graph",), "graph", "this run's steps cannot be run by compile"),
        ("graph", (), "off", "this run's steps cannot be run by graph: off"),
    ],
)
def test_a_gpu_runs_steps_as_the_run_allows(capture, captures, runs, said, gpu) -> None:
    found, lines = decided("float32", capture, captures, device="cuda")
    assert found == Engine("cuda", "float32", runs)
    assert [said] == [line[: len(said)] for line in lines] if said else not lines


def test_without_triton_nothing_is_compiled(gpu) -> None:
    gpu.setattr(engine, "find_spec", lambda name: name != "triton" or None)
    found, said = decided("float32", "compile", device="cuda")
    assert found.capture == "graph"
    assert said == [
        "Triton is not installed: the steps are captured without being compiled"
    ]


def test_what_the_gpu_or_the_run_has_not_is_computed_in_32_bits(gpu) -> None:
    assert decided("tf32", "auto")[0].precision == "tf32"
    found, said = decided("bf16", "auto", precisions=("float32", "tf32"))
    assert found.precision == "float32"
    assert said == ["this run has no bf16, only float32, tf32: float32"]
    gpu.setattr(torch.cuda, "get_device_capability", lambda place: (7, 5))
    found, said = decided("tf32", "auto")
    assert found.precision == "float32"
    assert said == ["a GPU has no tf32: float32"]
    assert decided("float32", "off") == (Engine(capture="off"), [])
    gpu.setattr(torch.cuda, "get_device_capability", lambda place: (8, 0))
    assert decided("tf32", "auto") == (Engine(None, "tf32", "graph"), [])


def test_what_does_not_compile_gives_back_what_it_is_given(monkeypatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda f, dynamic: (f, dynamic))
    assert Engine(capture="graph").compiled(len) is len
    assert Engine(capture="compile").compiled(len, dynamic=True) == (len, True)


def test_subnormal_numbers_are_flushed() -> None:
    engine.prepare(0)
    assert float(torch.tensor(1e-30) * torch.tensor(1e-10)) == 0


def test_blocks_are_compiled_for_all_sizes_where_the_engine_compiles() -> None:
    made = []

    class Block(torch.nn.Module):
        def compile(self, **options):
            made.append(options)

    Engine(capture="graph").compile_blocks(Block())
    assert made == []
    Engine(capture="compile").compile_blocks(Block(), Block())
    assert made == [{"dynamic": True}] * 2


def test_no_code_is_made_for_other_uses_of_what_was_compiled() -> None:
    def refuse(graph, inputs):
        raise AssertionError

    double = torch.compile(lambda x: 2 * x, backend=refuse)
    with Engine(capture="compile").uncompiled():
        assert float(double(torch.ones(()))) == 2


@pytest.mark.parametrize(
    ("place", "precision", "wanted"),
    [
        ("cuda", "tf32", ["high"]),
        ("cuda", "float32", ["highest"]),
        ("cuda", "bf16", ["highest"]),
        ("cpu", "tf32", []),
    ],
)
def test_only_a_gpus_products_are_set_to_the_precision(
    place, precision, wanted, monkeypatch
) -> None:
    asked, said = [], []
    made = SimpleNamespace(device=torch.device(place))
    monkeypatch.setattr(engine, "prepare", lambda *what: asked.append(what) or made)
    monkeypatch.setattr(torch, "set_float32_matmul_precision", said.append)
    assert Engine("mine", precision).prepare(7) is made
    assert (asked, said) == ([(7, "mine")], wanted)


def test_several_processes_run_steps_one_by_one_also_on_gpus(gpu) -> None:
    several = Workers(1, 2)
    gpu.setattr(engine, "launched", lambda: several)
    alone = "2 processes share each step: one by one, not captured"
    for capture, said in (("auto", [alone]), ("graph", [alone]), ("off", [])):
        found = decided("float32", capture, device="cuda")
        assert found == (Engine("cuda", "float32", "off", several), said)
    found = decided("float32", "auto", captures=(), device="cuda")
    assert found == (Engine("cuda", "float32", "off", several), [])


def test_a_record_says_what_ran() -> None:
    about = Engine("cuda", "bf16", "graph").about
    assert about == {"precision": "bf16", "capture": "graph"}
    assert Engine(workers=Workers(1, 2)).about == {
        "precision": "float32",
        "capture": "off",
        "processes": "2",
    }


def test_a_run_may_not_change_its_precision_unless_it_is_the_usual() -> None:
    assert Engine("cuda", "float32", "graph").identity == {}
    assert Engine("cuda", "bf16", "graph").identity == {"precision": "bf16"}


def test_bf16_is_an_autocast_on_the_gpu(monkeypatch) -> None:
    monkeypatch.setattr(torch, "autocast", lambda *what: what)
    assert Engine(precision="bf16").autocast() == ("cuda", torch.bfloat16)


def test_only_bf16_opens_an_autocast() -> None:
    ones = torch.ones(2, 2)
    with Engine(precision="tf32").autocast():
        assert not torch.is_autocast_enabled("cuda")
        assert (ones @ ones).dtype == torch.float32


def test_a_run_goes_on_in_its_precision_or_not_at_all(tmp_path) -> None:
    generator = engine.prepare(0)
    model = torch.nn.Linear(2, 2)

    def loss(model, batch, generator):
        return {"loss": model(batch).square().mean()}

    def trained(precision, resume):
        return loop.train(
            model,
            torch.ones(8, 2),
            loss,
            loop.Training(2, 4),
            generator,
            engine=Engine(precision=precision),
            checkpoint=tmp_path / "checkpoint",
            resume=resume,
            until=None if resume else 1,
        )

    trained("tf32", resume=False)
    assert trained("tf32", resume=True).epochs == 2
    with pytest.raises(TrainingError, match="a run with another precision"):
        trained("float32", resume=True)
