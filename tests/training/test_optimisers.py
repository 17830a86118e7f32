"""Adam without the compiler: the same numbers, and nothing else imported."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from lib.training.optimisers import Adam


def trained(kind: type[torch.optim.Adam], **options: object) -> list[torch.Tensor]:
    """Weights and moments after five steps, with a state that is kept and restored."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 1))
    images = torch.randn(8, 5)
    optimiser = kind(network.parameters(), lr=0.05, **options)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda n: 1 / (n + 1))
    for step in range(5):
        optimiser.zero_grad()
        network(images).square().mean().backward()
        optimiser.step()
        schedule.step()
        if step == 2:
            state = optimiser.state_dict()
            optimiser = kind(network.parameters(), lr=0.05, **options)
            optimiser.load_state_dict(state)
    moments = [part for entry in optimiser.state.values() for part in entry.values()]
    return [*(p.detach() for p in network.parameters()), *moments]


@pytest.mark.parametrize(
    "options", [{"fused": True}, {}, {"betas": (0.5, 0.9), "weight_decay": 0.1}]
)
def test_its_steps_are_pytorchs_to_the_bit(options: dict[str, object]) -> None:
    found, wanted = trained(Adam, **options), trained(torch.optim.Adam, **options)
    assert len(found) == len(wanted) == 4 + 4 * 3
    assert all(
        torch.equal(ours, theirs) for ours, theirs in zip(found, wanted, strict=True)
    )


def test_its_hooks_are_called() -> None:
    weight = nn.Parameter(torch.ones(2))
    optimiser = Adam([weight])
    seen: list[object] = []
    optimiser.register_step_post_hook(lambda *arguments: seen.append(arguments[0]))
    weight.grad = torch.ones(2)
    optimiser.step()
    assert seen == [optimiser]


def test_it_steps_without_the_compiler() -> None:
    code = (
        "import sys, torch\n"
        "from lib.training.optimisers import Adam\n"
        "weight = torch.ones(2, requires_grad=True)\n"
        "optimiser = Adam([weight], fused=True)\n"
        "schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda n: 1.0)\n"
        "optimiser.zero_grad()\n"
        "weight.sum().backward()\n"
        "optimiser.step()\n"
        "optimiser.load_state_dict(optimiser.state_dict())\n"
        "assert float(weight[0]) < 1\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
