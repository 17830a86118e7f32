"""Made digits: whether they are good, new, and of every kind."""

import pytest
import torch
from torch import Tensor

from lib.data import digits
from lib.experiments import quality
from lib.experiments.quality import Network
from lib.models import gaussian


@pytest.fixture(scope="module")
def bundled() -> digits.Digits:
    return digits.load("bundled")


@pytest.fixture(scope="module")
def network(bundled: digits.Digits) -> Network:
    return quality.train_network(bundled.train_images, bundled.train_labels)


def numbers(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_classifier_knows_held_out_digits_and_is_unsure_of_noise(bundled):
    classifier = quality.fit_classifier(bundled)
    labels, top = quality.recognise(classifier, bundled.test_images)
    right = float((labels == bundled.test_labels).float().mean())
    assert right >= 0.97
    assert float(top.mean()) == pytest.approx(right, abs=0.02)  # calibrated
    noise = torch.rand(200, 784, generator=torch.Generator().manual_seed(0))
    assert float(quality.recognise(classifier, noise)[1].mean()) < 0.5


def test_a_blend_is_the_mean_of_two_different_digits():
    images, labels = torch.eye(4), torch.tensor([0, 0, 1, 2])
    mixed = quality.blends(images, labels, 50, numbers(0))
    assert mixed.shape == (50, 4)
    assert set(mixed.flatten().tolist()) == {0, 0.5}
    assert (mixed.sum(1) == 1).all()  # of two images, never of one
    assert not ((mixed[:, 0] > 0) & (mixed[:, 1] > 0)).any()  # both are zeros


def test_nothing_is_blended_where_there_is_one_digit_only():
    with pytest.raises(ValueError, match="two digits"):
        quality.blends(torch.eye(3), torch.zeros(3), 5, numbers(0))


def test_the_judge_tells_held_out_digits_from_blends_of_them(bundled):
    judge = quality.fit_judge(bundled)
    images = bundled.test_images
    mixed = quality.blends(images, bundled.test_labels, 300, numbers(1))
    assert quality.recognise(judge, images)[0].double().mean() >= 0.97
    assert quality.recognise(judge, mixed)[0].double().mean() <= 0.05


def test_a_copy_has_the_distance_zero(bundled):
    train = bundled.train_images
    near = quality.nearest_distance(torch.stack([train[7], train[8] + 0.5]), train)
    assert float(near[0]) == pytest.approx(0, abs=1e-2)
    assert 0 < float(near[1]) <= 0.5 * 28 + 1e-3


def test_distances_are_the_same_in_chunks(bundled, monkeypatch):
    whole = quality.nearest_distance(bundled.test_images, bundled.train_images)
    assert whole.shape == (297,)
    monkeypatch.setattr(quality, "CHUNK", 50)
    chunks = quality.nearest_distance(bundled.test_images, bundled.train_images)
    torch.testing.assert_close(chunks, whole)


# ---------------------------------------------------------------------- the network


def test_the_network_learns_and_leaves_the_global_seed_alone(bundled, network):
    torch.manual_seed(5)
    state = torch.get_rng_state()
    again = quality.train_network(bundled.train_images, bundled.train_labels)
    assert torch.equal(torch.get_rng_state(), state)
    pairs = zip(again.parameters(), network.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not any(p.requires_grad for p in network.parameters())
    chances = quality.probabilities(network, bundled.test_images)
    torch.testing.assert_close(chances.sum(1), torch.ones(297))
    assert quality.accuracy(chances.argmax(1), bundled.test_labels) >= 0.9


def test_features_and_head_make_the_network(bundled, network, monkeypatch):
    monkeypatch.setattr(quality, "CHUNK", 100)
    features = quality.features(network, bundled.test_images)
    assert features.shape == (297, quality.FEATURES)
    logits = network(bundled.test_images)
    torch.testing.assert_close(network.head(features), logits)
    chances = quality.probabilities(network, bundled.test_images)
    torch.testing.assert_close(chances, logits.softmax(1))


def test_accuracy_is_the_share_that_is_right():
    assert quality.accuracy(torch.tensor([1, 2, 3, 4]), torch.tensor([1, 2, 3, 5])) == (
        0.75
    )


# ------------------------------------------------------------- the Fréchet distance


def moments(sample: Tensor) -> tuple[Tensor, Tensor]:
    centred = sample.double() - sample.double().mean(0)
    return sample.double().mean(0), centred.T @ centred / (len(sample) - 1)


def test_frechet_distance_is_that_of_the_samples_moments():
    a = torch.randn(50, 3, generator=numbers(0))
    b = 2 * torch.randn(70, 3, generator=numbers(1)) + 1
    expected = gaussian.squared_wasserstein_full(*moments(a), *moments(b))
    assert quality.frechet_distance(a, b) == pytest.approx(float(expected), rel=1e-9)
    assert quality.frechet_distance(a, a) == pytest.approx(0, abs=1e-12)


def test_frechet_distance_of_one_feature_is_the_univariate_form():
    a, b = torch.randn(2, 40, 1, generator=numbers(2), dtype=torch.float64)
    b = 3 * b + 1
    expected = (a.mean() - b.mean()) ** 2 + (a.std() - b.std()) ** 2
    assert quality.frechet_distance(a, b) == pytest.approx(float(expected))


def test_frechet_distance_does_not_lose_digits_far_from_zero():
    a, b = torch.randn(2, 200, 4, generator=numbers(3), dtype=torch.float64)
    near = quality.frechet_distance(a, b)
    far = quality.frechet_distance((a + 1000).float(), (b + 1000).float())
    assert far == pytest.approx(near, rel=1e-2)


def test_frechet_distance_needs_a_covariance():
    with pytest.raises(ValueError, match="two rows"):
        quality.frechet_distance(torch.zeros(1, 2), torch.zeros(5, 2))


# ---------------------------------------------------------------------- the coverage


def test_equal_shares_cover_everything_evenly():
    coverage = quality.mode_coverage(torch.arange(10).repeat(20))
    assert coverage.shares == pytest.approx([0.1] * 10)
    assert coverage.occurring == 10
    assert coverage.evenness == pytest.approx(1)


def test_a_collapse_covers_one_of_ten():
    coverage = quality.mode_coverage(torch.full((500,), 3))
    assert coverage.shares == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert coverage.occurring == 1
    assert coverage.evenness == pytest.approx(0.1)


def test_two_equal_kinds_count_as_two_and_a_stray_one_does_not():
    labels = torch.tensor([0] * 500 + [9] * 500)
    assert quality.mode_coverage(labels).evenness == pytest.approx(0.2)
    with_strays = torch.cat([labels, torch.tensor([5] * 10)])
    assert quality.mode_coverage(with_strays).occurring == 2
    with_more = torch.cat([labels, torch.tensor([5] * 11)])
    assert quality.mode_coverage(with_more).occurring == 3
