"""What users of such code have met and reported elsewhere, tried here.

Each case names the kind of report, and its number where it is a public one. What other
tests hold already is not repeated: pickles that run code, files cut short, a full disk,
a rate or the noise that a resumed run forgets, prefixes of wrapped networks, lines of
U+2028 in parallel texts, progress bars in log files, duplicate noise in workers
(pytorch/pytorch#5059), servers that refuse (pytorch/vision#1938).
"""

import os
import re
import stat
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from lib.__main__ import main
from lib.data import corpora
from lib.data.digits import Digits
from lib.experiments.configurations import TranslationRun, VAERun
from lib.experiments.translation import new_tokeniser
from lib.experiments.vae import train_vae
from lib.training import checkpoints, records

VAE = [
    *("run", "vae-digits", "--epochs", "2", "--set", "digits=bundled-8x8"),
    *("--set", "hidden=4", "--set", "latents=2"),
    *("--set", "nll_samples=2", "--set", "nll_images=5"),
]
GAN = [
    *("run", "gan-digits", "--epochs", "1", "--set", "samples=40"),
    *("--set", "generator_widths=8", "--set", "discriminator_widths=8"),
]
NORMS = [
    *("run", "norms-phrases", "--set", "variants=post", "--set", "depths=1"),
    *("--set", "steps=1", "--set", "profile_steps=0"),
]
ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("command", [VAE, GAN, NORMS])
def test_a_seed_beyond_32_bits_is_one_like_any_other(tmp_path, command):
    """NumPy and scikit-learn take seeds below 2^32 only; the error comes at the end."""
    seed = str(2**63 - 1)
    assert main([*command, "--seed", seed, "--out", str(tmp_path)]) == 0
    path = tmp_path / f"{command[1]}-seed{seed}.json"
    assert records.read(path)["seed"] == 2**63 - 1


@pytest.mark.parametrize("name", ["a b", "[0-9]*?", "données-数据", "50%", "'\"$HOME"])
def test_a_folder_may_be_called_anything(tmp_path, name):
    """Blanks, patterns' signs, other scripts, format's and the shell's signs."""
    out = tmp_path / name
    assert main([*VAE, "--out", str(out)]) == 0
    (out / f"{records.run_files(out, 'vae-digits', 0).record.name}.0.partial").touch()
    assert main([*VAE, "--out", str(out), "--resume"]) == 0
    assert main([*VAE, "--out", str(out), "--overwrite"]) == 0
    assert not list(out.glob("*.partial"))
    assert len(records.read_seeds(out, "vae-digits")) == 1


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o007, 0o660)])
def test_others_may_read_what_the_umask_lets_them(tmp_path, mask, mode):
    """Files that were made as temporary ones are their owner's alone."""
    before = os.umask(mask)
    try:
        records.write(tmp_path / "a.json", {"name": "a"})
        checkpoints.save(tmp_path / "b", {"c": torch.ones(2)})
    finally:
        os.umask(before)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_tensors_that_share_memory_are_kept_apart_and_whole(tmp_path):
    """safetensors refuses them as they are, as tied embeddings have met."""
    whole = torch.arange(12.0).reshape(3, 4)
    state = {"a": whole, "b": whole, "row": whole[1], "turned": whole.mT}
    checkpoints.save(tmp_path / "c", state)
    kept = checkpoints.read(tmp_path / "c")
    assert all(torch.equal(kept[name], value) for name, value in state.items())
    kept["a"].zero_()
    assert kept["b"].any()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_half_types_are_kept_by_checkpoints_and_refused_by_records(tmp_path, dtype):
    """NumPy has no bfloat16; and what is rounded on the way is not kept."""
    values = torch.tensor([1 / 3, -0.0, 2.0**-14], dtype=dtype)
    checkpoints.save(tmp_path / "c", {"values": values})
    kept = checkpoints.read(tmp_path / "c")["values"]
    assert kept.dtype == dtype
    assert torch.equal(kept, values)
    with pytest.raises(ValueError, match=f"32-bit floats, not {dtype}"):
        records.packed(values)


def test_kept_numbers_can_be_written_to_without_a_warning():
    """A tensor over a buffer that must not be written is undefined behaviour."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = records.unpacked(records.packed(torch.ones(3)))
        values += 1
    assert values.tolist() == [2, 2, 2]


@pytest.mark.parametrize("batch_size", [1, 6, 100])
def test_a_last_batch_of_one_row_and_a_batch_larger_than_the_data(batch_size):
    """Of one row a standard deviation is not a number, nor a batch's statistics."""
    rows = torch.rand(7, 64, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(7)
    data = Digits("few", "few", {}, rows, labels, rows, labels)
    run = VAERun("bundled-8x8", 4, 2, epochs=2, batch_size=batch_size)
    _, history = train_vae(run, data, 0)
    for curve in history.curves.values():
        assert np.isfinite(curve).all()


def test_one_text_gives_one_vocabulary_whatever_the_hashes():
    """Orders of sets and of hash maps differ from process to process."""
    program = (
        "import hashlib\n"
        "from lib.data import corpora\nfrom lib.models import translation\n"
        "texts = [p.texts['de'] for p in corpora.phrases().train[:300]]\n"
        "for made in (translation.word_tokeniser(texts, ('de', 'en')),\n"
        "             translation.subword_tokeniser(texts, ('de', 'en'), 200)):\n"
        "    print(hashlib.sha256(made.to_str().encode()).hexdigest())\n"
    )
    said = set()
    for number in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": number, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        said.add(done.stdout)
    assert len(said) == 1
    assert len(said.pop().splitlines()) == 2


def test_a_resumed_run_has_the_tokeniser_of_the_first(tmp_path):
    """Trained anew in each process, it must number its words alike."""
    run = TranslationRun("phrases", ("en", "de"))
    texts = {
        k: [p.texts[k] for p in corpora.phrases().train[:200]] for k in ("en", "de")
    }
    data = corpora.Parallel("some", {}, texts, texts, texts)
    first, second = (new_tokeniser(run, data).get_vocab() for _ in range(2))
    assert first == second


def test_no_file_is_read_or_written_in_the_systems_own_encoding():
    """On Windows that is not UTF-8: what one machine wrote, another cannot read."""
    opens = re.compile(r"(\.read_text|\.write_text|(?<![.\w])open)\(|text=True")
    said = re.compile(r"utf-8|encoding=|\"[rwax]b\"|errors=\"replace\"|git|mode")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for wing in ("data", "experiments", "training", "models")
        for path in (ROOT / "lib" / wing).glob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if opens.search(line) and not said.search(line)
    ]
    assert [line for line in found if "subprocess" not in line] == []


def test_a_variable_that_a_package_cannot_read_is_named(tmp_path):
    """tqdm reads its own when it is imported, and fails there."""
    done = subprocess.run(
        [sys.executable, "-m", "lib", *VAE, "--out", str(tmp_path / "out")],
        env=os.environ | {"TQDM_MININTERVAL": "x", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "TQDM_... of the environment is not what tqdm takes" in line
    assert not list(tmp_path.iterdir())


def test_nothing_of_the_library_unpickles():
    """torch.load, with weights_only or without, has run what a file told it to."""
    loads = re.compile(
        r"(?<!safetensors\.)torch\.load\(|pickle\.|\bdill\b|joblib|allow_pickle=True"
    )
    for path in (ROOT / "lib").rglob("*.py"):
        assert not loads.search(path.read_text("utf-8")), path


def test_the_callers_own_random_numbers_are_not_drawn_by_reading_data(tmp_path):
    """Loading data or making a tokeniser has shifted other people's seeds."""
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    corpora.phrases()
    checkpoints.save(tmp_path / "c", {"a": torch.ones(3)})
    checkpoints.read(tmp_path / "c")
    assert torch.equal(torch.rand(3), expected)
