"""Every kind of run on a device without float64, as MPS is, from data to record."""

import pytest
import torch

from lib.__main__ import main
from lib.training import records
from tests.shared.without_float64 import WithoutFloat64, on_device

DIGITS = ["--set", "digits=bundled-8x8", "--set", "hidden=8", "--set", "latents=2"]
FEW = ["--set", "nll_samples=3", "--set", "nll_images=25"]
TRANSLATE = [
    *("--epochs", "1", "--set", "width=8", "--set", "hidden=8", "--set", "heads=2"),
    *("--set", "encoder_layers=1", "--set", "decoder_layers=1"),
    *("--set", "languages=en,de", "--set", "batch_tokens=8192"),
]
RUNS = {
    "vae-digits": [*DIGITS, *FEW, "--epochs", "1", "--keep-weights"],
    "vae-plane": [*DIGITS, *FEW, "--epochs", "1"],
    "iwae-mnist-k5": [*DIGITS, *FEW, "--set", "stages=1", "--set", "batch_size=200"],
    "gan-digits": [
        *("--set", "epochs=1", "--set", "generator_widths=8", "--set", "samples=40"),
        *("--set", "penalty=1"),
    ],
    "translate-phrases": TRANSLATE,
    "norms-phrases": [
        *("--set", "variants=post", "--set", "depths=1", "--set", "steps=2"),
        *("--set", "profile_steps=0"),
    ],
}


@pytest.mark.parametrize("name", RUNS)
def test_no_kind_of_run_needs_float64_on_its_device(tmp_path, name):
    command = ["run", name, *RUNS[name], "--out", str(tmp_path)]
    with WithoutFloat64() as device:
        assert main(command) == 0
    assert device.calls > 100  # it was on the device
    assert records.read(tmp_path / f"{name}-seed0.json")["metrics"]


def test_the_stand_in_finds_what_such_a_device_refuses():
    place = torch.device("cpu")
    host = torch.zeros(3)
    assert host.double().dtype == torch.float64
    with WithoutFloat64():
        there = host.clone().to(place)
        assert on_device(there)
        assert on_device(there + host)
        assert on_device(torch.zeros(3, device=place))
        assert not on_device(torch.zeros(3))
        assert not on_device((there + 1).cpu())
        assert there.cpu().double().dtype == torch.float64
        for change in (
            lambda: there.double(),
            lambda: there.to(torch.float64),
            lambda: there + torch.zeros(3, dtype=torch.float64),
            lambda: there.sum(dtype=torch.float64),
            lambda: torch.zeros(3, dtype=torch.float64, device=place),
            lambda: torch.zeros(3, dtype=torch.float64).to(place),
        ):
            with pytest.raises(RuntimeError, match="no float64"):
                change()


def test_what_needs_float64_is_refused_there_by_name(tmp_path, capsys, monkeypatch):
    command = ["run", "norms-phrases-deep", "--out", str(tmp_path)]
    said = "norms-phrases-deep computes in float64, which mps has not: use cpu or cuda"
    assert main([*command, "--device", "mps"]) == 2
    assert capsys.readouterr().err == f"error: {said}\n"
    monkeypatch.setenv("CHECKED_GRADIENTS_DEVICE", "mps")
    assert main(command) == 2
    assert capsys.readouterr().err == f"error: {said}\n"
    assert list(tmp_path.iterdir()) == []
