"""The digits: what is bundled, and that no damaged or unknown file is read."""

import gzip
import hashlib
from importlib.machinery import ModuleSpec

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from lib.data import digits
from lib.data.digits import DataError


@pytest.fixture(scope="module")
def bundled() -> digits.Digits:
    return digits.load("bundled")


def test_bundled_digits_are_flat_images_between_zero_and_one(bundled):
    images = torch.cat([bundled.train_images, bundled.test_images])
    assert images.shape == (1797, 784)
    assert images.dtype == torch.float32
    assert float(images.min()) == 0
    assert float(images.max()) == 1
    assert len(bundled.train_labels) == 1500
    shares = bundled.test_labels.bincount()
    assert shares.tolist() == pytest.approx([29.7] * 10, abs=1)


def test_bundled_digits_are_scikit_learns_in_another_order(bundled):
    """Enlarging keeps the light: a digit's mean grey is what it was at 8x8."""
    images = torch.cat([bundled.train_images, bundled.test_images])
    labels = torch.cat([bundled.train_labels, bundled.test_labels])
    source = load_digits()
    for label in range(10):
        small = source.images[source.target == label] / 16
        large = images[labels == label]
        assert len(small) == len(large)
        assert float(large.mean()) == pytest.approx(small.mean(), abs=0.02)


def test_the_split_is_the_one_that_scikit_learn_draws():
    source, small = load_digits(), digits.load("bundled-8x8")
    train, test, train_labels, test_labels = train_test_split(
        *(source.data, source.target),
        test_size=297,
        stratify=source.target,
        random_state=0,
    )
    assert np.array_equal(small.train_images.numpy() * 16, train)
    assert np.array_equal(small.test_images.numpy() * 16, test)
    assert np.array_equal(small.train_labels.numpy(), train_labels)
    assert np.array_equal(small.test_labels.numpy(), test_labels)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"\x1f\x8b", gzip.compress(b"0,5\n", mtime=0)],
    ids=["none", "empty", "cut", "another"],
)
def test_another_table_of_digits_is_refused(tmp_path, monkeypatch, content):
    path = tmp_path / "datasets" / "data" / "digits.csv.gz"
    path.parent.mkdir(parents=True)
    if content is not None:
        path.write_bytes(content)
    package = ModuleSpec("sklearn", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(digits, "find_spec", {"sklearn": package}.get)
    with pytest.raises(DataError, match=r"digits\.csv\.gz is not the table"):
        digits.load("bundled")
    monkeypatch.setattr(digits, "find_spec", {"sklearn": None}.get)
    with pytest.raises(DataError, match="no scikit-learn"):
        digits.load("bundled")


def test_bundled_digits_are_of_no_file_that_could_be_fetched(bundled):
    assert bundled.sha256 == {}


def test_the_split_is_fixed_and_has_no_image_twice(bundled):
    again = digits.load("bundled")
    assert torch.equal(again.train_images, bundled.train_images)
    distances = torch.cdist(bundled.test_images, bundled.train_images)
    assert float(distances.min()) > 0.5


def test_small_digits_are_the_bundled_ones_before_they_were_enlarged(bundled):
    small = digits.load("bundled-8x8")
    assert (small.name, small.side, bundled.side) == ("bundled-8x8", 8, 28)
    assert small.train_images.shape == (1500, 64)
    assert torch.equal(small.train_labels, bundled.train_labels)
    assert torch.equal(small.test_labels, bundled.test_labels)
    source = torch.from_numpy(load_digits().data).float() / 16
    images = torch.cat([small.train_images, small.test_images])
    assert torch.equal(images.unique(dim=0), source.unique(dim=0))
    assert torch.equal(digits.enlarge(small.train_images), bundled.train_images)
    assert torch.equal(digits.enlarge(small.test_images), bundled.test_images)


def test_an_enlarged_image_keeps_its_place_and_its_greys():
    corner = torch.zeros(1, 64)
    corner[0, 7] = 1  # above, on the right
    large = digits.enlarge(corner).view(28, 28)
    assert float(large[0, 27]) == pytest.approx(1, abs=0.1)
    assert float(large[:, :14].max()) == float(large[14:].max()) == 0
    assert 0 <= float(large.min()) <= float(large.max()) <= 1


def test_a_smooth_image_stays_smooth_when_enlarged():
    ramp = (torch.arange(8) / 7).expand(8, 8).reshape(1, 64)
    large = digits.enlarge(ramp).view(28, 28)
    centres = (torch.arange(28) + 0.5) * 8 / 28 - 0.5  # in the small image's pixels
    inner = slice(4, 24)
    expected = (centres / 7)[inner].expand(28, -1)
    torch.testing.assert_close(large[:, inner], expected, atol=0.02, rtol=0)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(DataError, match="bundled, bundled-8x8, mnist"):
        digits.load("fashion")


def idx(array: np.ndarray) -> bytes:
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


@pytest.fixture
def small_mnist(tmp_path, monkeypatch):
    """A folder with a tiny set in MNIST's files, whose digests are known ones."""
    random = np.random.default_rng(0)
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    known = {}
    for part, n in (("train", 5), ("t10k", 3)):
        for file, array in (
            (f"{part}-images-idx3-ubyte", random.integers(0, 256, (n, 28, 28))),
            (f"{part}-labels-idx1-ubyte", random.integers(0, 10, n)),
        ):
            (raw / file).write_bytes(idx(array))
            known[file] = {hashlib.sha256(idx(array)).hexdigest(): "official"}
    monkeypatch.setattr(digits, "MNIST_FILES", known)
    return tmp_path


def test_mnist_is_read_from_its_raw_files(small_mnist, monkeypatch):
    data = digits.load("mnist", small_mnist)
    raw = small_mnist / "MNIST" / "raw"
    content = (raw / "train-images-idx3-ubyte").read_bytes()
    expected = np.frombuffer(content[16:], np.uint8).reshape(5, 784) / 255
    np.testing.assert_allclose(data.train_images.numpy(), expected, rtol=1e-6)
    assert data.test_images.shape == (3, 784)
    assert data.source == "MNIST, the official files"
    monkeypatch.setenv("CHECKED_GRADIENTS_DATA", str(small_mnist))
    assert torch.equal(digits.load("mnist").test_labels, data.test_labels)


def test_the_source_names_a_rendition(small_mnist, monkeypatch):
    known = dict(digits.MNIST_FILES)
    (digest,) = known["t10k-images-idx3-ubyte"]
    known["t10k-images-idx3-ubyte"] = {digest: "a rendition"}
    monkeypatch.setattr(digits, "MNIST_FILES", known)
    assert (
        "t10k-images-idx3-ubyte: a rendition"
        in digits.load("mnist", small_mnist).source
    )


def test_both_renditions_of_the_training_images_are_known():
    assert len(digits.MNIST_FILES["train-images-idx3-ubyte"]) == 2


def change_last_byte(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


DAMAGE = {
    "changed": change_last_byte,
    "cut short": lambda content: content[:-1],
    "empty": lambda content: b"",
    "compressed": gzip.compress,
    "another type": lambda content: content[:2] + b"\x0d" + content[3:],
    "cut in its sizes": lambda content: content[:9],
    "of sizes that overflow": lambda content: content[:4] + b"\xff" * 12 + content[16:],
    "without an image": lambda content: content[:4] + bytes(4) + content[8:16],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_refused_by_name(small_mnist, damage):
    path = small_mnist / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte"):
        digits.load("mnist", small_mnist)
    if damage == "changed":
        odd = digits.load("mnist", small_mnist, accept_unknown=True)
        assert "unknown content" in odd.source
    else:
        with pytest.raises(DataError, match="t10k"):
            digits.load("mnist", small_mnist, accept_unknown=True)


def test_images_without_their_labels_are_refused(small_mnist):
    path = small_mnist / "MNIST" / "raw" / "t10k-labels-idx1-ubyte"
    path.write_bytes(idx(np.zeros(2)))
    with pytest.raises(DataError, match="one label for each"):
        digits.load("mnist", small_mnist, accept_unknown=True)


def test_a_missing_file_names_the_remedy(tmp_path):
    with pytest.raises(DataError, match="CHECKED_GRADIENTS_DATA"):
        digits.load("mnist", tmp_path)


def test_only_download_may_fetch(tmp_path, monkeypatch):
    fetched = []

    def fetch(root, download):
        fetched.append(root)
        raise RuntimeError("no network")

    monkeypatch.setattr("torchvision.datasets.MNIST", fetch)
    with pytest.raises(DataError, match="--download"):
        digits.load("mnist", tmp_path)
    assert fetched == []
    with pytest.raises(DataError, match="no network"):
        digits.load("mnist", tmp_path, download=True)
    assert fetched == [tmp_path]


def fetching(content: dict[str, bytes]):
    """torchvision's loader, which fetches the files that are not there."""

    def mnist(root, download):
        assert download is True
        for file, good in content.items():
            path = root / "MNIST" / "raw" / file
            if not path.exists():
                path.write_bytes(good)

    return mnist


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_remedy_of_a_damaged_file_works(small_mnist, monkeypatch, damage):
    raw = small_mnist / "MNIST" / "raw"
    good = {path.name: path.read_bytes() for path in raw.iterdir()}
    monkeypatch.setattr("torchvision.datasets.MNIST", fetching(good))
    path = raw / "t10k-images-idx3-ubyte"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(DataError, match=r"--download|IDX file"):
        digits.load("mnist", small_mnist)
    digits.load("mnist", small_mnist, download=True)
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == good


def test_a_fetch_that_fails_leaves_the_files_as_they_were(small_mnist, monkeypatch):
    raw = small_mnist / "MNIST" / "raw"
    path = raw / "t10k-images-idx3-ubyte"
    path.write_bytes(change_last_byte(path.read_bytes()))
    before = {path.name: path.read_bytes() for path in raw.iterdir()}

    def fetch(root, download):
        raise RuntimeError("no network")

    monkeypatch.setattr("torchvision.datasets.MNIST", fetch)
    with pytest.raises(DataError, match="no network"):
        digits.load("mnist", small_mnist, download=True)
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == before


def test_files_that_are_accepted_are_not_fetched_anew(small_mnist, monkeypatch):
    path = small_mnist / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    odd = change_last_byte(path.read_bytes())
    path.write_bytes(odd)
    monkeypatch.setattr("torchvision.datasets.MNIST", None)
    digits.load("mnist", small_mnist, download=True, accept_unknown=True)
    assert path.read_bytes() == odd


def test_nothing_is_fetched_where_all_is_there(small_mnist, monkeypatch):
    monkeypatch.setattr("torchvision.datasets.MNIST", None)
    found = digits.load("mnist", small_mnist, download=True)
    assert found.name == "mnist"


@pytest.mark.parametrize("watched", [True, False])
def test_torchvisions_bars_are_shown_to_who_watches(
    tmp_path, small_mnist, monkeypatch, watched
):
    from torchvision.datasets import utils

    raw, theirs = small_mnist / "MNIST" / "raw", object()
    good = {path.name: path.read_bytes() for path in raw.iterdir()}
    monkeypatch.setattr("torchvision.datasets.MNIST", fetching(good))
    monkeypatch.setattr(utils, "tqdm", theirs)
    monkeypatch.setattr("sys.stderr.isatty", lambda: watched, raising=False)
    digits.load("mnist", tmp_path / "new", download=True)
    assert utils.tqdm is theirs if watched else utils.tqdm(total=1).disable is True


def test_labels_of_another_type_of_number_are_refused(small_mnist):
    path = small_mnist / "MNIST" / "raw" / "t10k-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes().replace(b"\x08\x01", b"\x0d\x01", 1))
    with pytest.raises(DataError, match="labels-idx1-ubyte is not an IDX file"):
        digits.load("mnist", small_mnist, accept_unknown=True)


def test_what_is_wrong_with_files_is_said_with_what_mends_it(small_mnist, monkeypatch):
    """Word for word: a user types what stands there."""
    path = small_mnist / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    odd = change_last_byte(path.read_bytes())
    path.write_bytes(odd)

    def said(name: str) -> str:
        with pytest.raises(DataError) as refusal:
            digits.load(name, small_mnist)
        return str(refusal.value)

    assert said("mnist") == (
        f"{path} is not the MNIST file that it should be (SHA-256 "
        f"{hashlib.sha256(odd).hexdigest()[:12]}…): fetch it again with --download, or "
        "pass --accept-unknown-data to use it as it is"
    )
    with monkeypatch.context() as split:
        split.setattr(digits, "SPLIT_FILE", small_mnist / "split.json")
        assert said("bundled") == (
            f"{small_mnist / 'split.json'} is not the split of digits that it should "
            "be: get it from the book's repository again"
        )
    package = ModuleSpec("sklearn", None, origin=str(small_mnist / "__init__.py"))
    monkeypatch.setattr(digits, "find_spec", {"sklearn": package}.get)
    table = small_mnist / "datasets" / "data" / "digits.csv.gz"
    assert said("bundled") == (
        f"{table} is not the table of digits that it should be: install scikit-learn "
        "again"
    )


@pytest.mark.parametrize(
    "error", [AssertionError(), ValueError("odd\nanswer"), RuntimeError("a\n\nb")]
)
def test_what_torchvision_raises_is_one_line(tmp_path, monkeypatch, error):
    def fetch(root, download):
        raise error

    monkeypatch.setattr("torchvision.datasets.MNIST", fetch)
    with pytest.raises(DataError, match="could not fetch MNIST") as said:
        digits.load("mnist", tmp_path, download=True)
    assert "\n" not in str(said.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"train_images": torch.full((2, 64), 1.1)}, "train set .* in \\[0, 1"),
        ({"test_images": torch.full((2, 64), float("nan"))}, "test set .* in \\[0"),
        ({"train_images": torch.zeros(0, 64)}, "rows of square pictures"),
        ({"train_images": torch.zeros(2, 63)}, "rows of square pictures"),
        ({"train_images": torch.zeros(2, 0)}, "rows of square pictures"),
        ({"test_labels": torch.zeros(3, dtype=torch.long)}, "labels of the shape"),
        ({"train_labels": torch.tensor([0, 10])}, "labels must be .* from 0 to 9"),
        ({"train_labels": torch.tensor([0.0, 1.0])}, "whole numbers"),
    ],
)
def test_what_are_no_digits_is_refused_at_the_door(change, said):
    good = {f"{part}_images": torch.zeros(2, 64) for part in ("train", "test")}
    good |= {f"{part}_labels": torch.tensor([3, 4]) for part in ("train", "test")}
    digits.Digits("few", "a few digits", {}, **good)
    for sha256, remedy in (({}, ""), ({"file": "0"}, f": {digits.OFFICIAL}")):
        with pytest.raises(DataError, match=rf"(?<!\w){said}(?!\w)") as refusal:
            digits.Digits("few", "a few digits", sha256, **good | change)
        assert str(refusal.value).endswith(remedy)
        assert bool(remedy) is (digits.OFFICIAL in str(refusal.value))
