"""Figures to play with, in a browser."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, get_args

import numpy as np
import pytest
import torch
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Route,
)

from lib.experiments.vae import kept_plane
from lib.models import gaussian, linear_vae, vae
from lib.models.gan import MLP
from lib.training import records
from tests.shared.colours import contrast, shade
from tests.shared.site import (
    NARROW,
    PLAYED,
    ROOT,
    WIDE,
    Scheme,
    Visit,
    soup,
)

# Pages on which there is a figure to play with.
FIRST = "book/intro.html"
GAUSSIANS = "book/vae/gaussian_kl.html"
PLAYERS = "book/gan/dynamics.html"
PLANE = "book/vae/training.html"
DRAWS = "book/vae/latent_variables.html"
BOUND = "book/vae/elbo.html"
ESTIMATES = "book/vae/reparameterization.html"
WATER = "book/vae/collapse.html"
WALK = "book/gan/backpropagation.html"
STREAM = "book/transformer/residual_gradients.html"
SCORES = "book/transformer/architecture.html"
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


class Game:
    """The figure to play with of one page, under the browser's settings."""

    def __init__(self, browser: Browser, address: str, **settings: Any) -> None:
        settings = {"viewport": WIDE, "color_scheme": "light"} | settings
        self.context: BrowserContext = browser.new_context(**settings)
        self.visit = Visit(self.context.new_page(), address)
        self.page = self.visit.page
        self.figure = self.page.locator(".playable").first
        self.figure.scroll_into_view_if_needed()

    def handle(self, label: str) -> Locator:
        return self.figure.get_by_role("slider", name=label, exact=True).first

    def slider(self, name: str) -> Locator:
        return self.figure.locator(f"input[name={name}]")

    def value(self, name: str) -> float:
        return float(self.slider(name).input_value())

    def number(self, label: str) -> float:
        said = self.figure.locator(f'output[data-label="{label}"]').text_content()
        plain = (
            (said or "")
            .replace("\N{MINUS SIGN}", "-")
            .replace(" \N{MULTIPLICATION SIGN} 10", "e")
        )
        return float(plain.translate(RAISED))

    def set(self, name: str, value: float) -> None:
        self.slider(name).fill(str(value))

    def drag(self, handle: Locator, right: float, down: float = 0) -> None:
        box = handle.locator(".dot").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + right / 2, y + down / 2)
        self.page.mouse.move(x + right, y + down)
        self.page.mouse.up()

    def swipe(self, handle: Locator, right: float, down: float) -> None:
        """The finger lands on a handle, moves, and is lifted."""
        box = handle.locator(".dot").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        session = self.context.new_cdp_session(self.page)
        path = [(x + right * share, y + down * share) for share in (0, 0.3, 0.6, 1)]
        kinds = ["touchStart", *["touchMove"] * 3]
        for kind, (at, height) in zip(kinds, path, strict=True):
            points = [{"x": at, "y": height}]
            session.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points}
            )
        session.send(
            "Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []}
        )

    def drawing(self) -> str:
        return self.figure.locator(".live").inner_html()


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[dict[str, Game]]:
    """The figures that are open, by address and settings; closed in the end."""
    games: dict[str, Game] = {}
    yield games
    for one in games.values():
        one.context.close()


@pytest.fixture
def game(browser: Browser, server: str, opened: dict[str, Game]) -> Callable[..., Game]:
    """Opens the figure of a page, or puts it back if it is open."""

    def open_one(page: str, **settings: Any) -> Game:
        key = f"{page} {settings}"
        if key not in opened:
            opened[key] = Game(browser, f"{server}/{page}", **settings)
        one = opened[key]
        one.page.emulate_media(media="screen", color_scheme="light")
        one.figure.get_by_role("button", name="Reset").click()
        return one

    return open_one


def gaussians_say(mean: float, width: float) -> dict[str, float]:
    """What the figure of the two Gaussians should say, by the library."""
    at = [torch.tensor(v, dtype=torch.float64) for v in (0, 1, mean, width)]
    shift = width - 1
    third_order = -5 * shift**3 / 3 - shift * mean**2
    return {
        "KL(p, q)": float(gaussian.kl_univariate(*at)),
        "KL(q, p)": float(gaussian.kl_univariate(*at[2:], *at[:2])),
        "Taylor's form": shift**2 + mean**2 / 2 + third_order,
    }


def assert_gaussians(one: Game, mean: float, width: float) -> None:
    assert (one.value("mu_q"), one.value("sigma_q")) == (mean, width)
    for label, value in gaussians_say(mean, width).items():
        assert one.number(label) == pytest.approx(value, abs=5.1e-4), label


def test_each_part_of_the_book_has_a_figure_to_play_with() -> None:
    named = {GAUSSIANS, PLAYERS, PLANE, DRAWS, BOUND, ESTIMATES, WATER}
    assert named | {WALK, STREAM, SCORES} <= set(PLAYED)
    parts = {page.split("/")[1] for page in {*PLAYED} - {FIRST}}
    assert parts == {"vae", "gan", "transformer"}


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "finger"])
def test_the_first_page_weighs_a_wrong_step(
    game: Callable[..., Game], touch: bool
) -> None:
    """Against the library's divergence: the same half too much wherever q is put."""
    one = game(FIRST, **({"viewport": NARROW, "has_touch": True} if touch else {}))
    move = one.swipe if touch else one.drag
    said = set()
    for label, right in (("mean of q", -40), ("width of q", 20), ("mean of q", 25)):
        move(one.handle(label), right, 0)
        at = [
            float(one.handle(name).get_attribute("aria-valuenow") or "nan")
            for name in ("mean of q", "width of q")
        ]
        mean, width = (torch.tensor(value, dtype=torch.float64) for value in at)
        zero, unit = torch.zeros_like(mean), torch.ones_like(width)
        kl = float(gaussian.kl_univariate(mean, width, zero, unit))
        assert one.number("KL(q, p)") == as_said(kl)
        assert one.number("wrong step") == as_said(kl + 0.5)
        said.add(kl)
    assert len(said) == 3
    one.handle("mean of q").press("ArrowRight")
    assert one.number("wrong step") != as_said(kl + 0.5)


def test_the_water_level_fills_as_the_library_does(
    game: Callable[..., Game],
) -> None:
    eigenvalues = torch.tensor([6, 3, 1.6, 0.9, 0.5, 0.3, 0.2, 0.1]).double()
    one = game(WATER)
    for beta, noise in ((1, 0.7), (2, 0.7), (2, 0.9), (4, 1.57)):
        one.set("beta", beta)
        one.set("s2", noise)
        nats, left = linear_vae.water_filling(eigenvalues, beta * noise)
        left[6:] = eigenvalues[6:]
        expected = {
            "level": beta * noise,
            "nats in all": float(nats[:6].sum()),
            "left over per pixel": float(left.mean()),
        }
        for label, value in expected.items():
            assert one.number(label) == pytest.approx(value, abs=5.1e-4), label
    rest = linear_vae.learnt_noise(eigenvalues, 6, 2.0)
    one.set("beta", 2)
    one.set("s2", rest)
    assert one.number("left over per pixel") == pytest.approx(rest, abs=5.1e-4)
    before = one.value("s2")
    one.drag(one.handle("level"), 0, 40)
    assert one.value("s2") < before
    assert one.value("beta") == 2


def as_said(value: float) -> Any:
    """A number as the page writes it: three decimals, or three digits of others."""
    plain = value == 0 or 5e-4 <= abs(value) < 1e5
    return pytest.approx(value, rel=0, abs=5.1e-4 if plain else 5.1e-3 * abs(value))


def softmax_says(products: list[float], divisor: float) -> dict[str, float]:
    """What the figure of the softmax should say, by PyTorch and autograd."""
    raw = torch.tensor(products, dtype=torch.float64)

    def weights(scores: torch.Tensor) -> torch.Tensor:
        return (scores / divisor).softmax(0)

    p, by_products = weights(raw), torch.func.jacrev(weights)(raw)
    said = {
        "largest weight": p.max(),
        "p\N{SUBSCRIPT ONE} \N{MIDDLE DOT} (1 - p\N{SUBSCRIPT ONE})": p[0] * (1 - p[0]),
        "norm by the divided scores": by_products.norm() * divisor,
        "8 \N{MIDDLE DOT} norm by the products": 8 * by_products.norm(),
    }
    return {label: float(value) for label, value in said.items()}


def test_the_softmax_weighs_as_pytorch_does(game: Callable[..., Game]) -> None:
    one = game(SCORES)
    for products, divisor in (
        ([8, 0, -6], 4),
        ([8, 0, -6], 8),
        ([3, 3, -16], 2.5),
        ([-16, 16, 0], 1),
    ):
        for number, product in enumerate(products, 1):
            one.set(f"a_{number}", product)
        one.set("c", divisor)
        for label, value in softmax_says(products, divisor).items():
            said = one.number(label)
            assert said == as_said(value), label
    one.set("c", 8)
    before = one.number("largest weight")
    one.drag(one.handle("divisor"), -60)
    assert one.value("c") < 8
    assert one.number("largest weight") > before


@pytest.mark.parametrize("page", PLAYED)
def test_each_slider_redraws_and_reset_puts_all_back(
    game: Callable[..., Game], page: str
) -> None:
    one = game(page)
    pixels = "f => [...f.querySelectorAll('canvas')].map(c => c.toDataURL()).join()"
    before = one.drawing(), one.figure.evaluate(pixels)
    for slider in one.figure.locator("input[type=range]").all():
        shown = []
        for end in ("min", "max"):
            slider.fill(slider.get_attribute(end) or "")
            shown.append(one.drawing())
        assert shown[0] != shown[1]
    one.figure.get_by_role("button", name="Reset").click()
    assert (one.drawing(), one.figure.evaluate(pixels)) == before


def test_a_handle_is_dragged(game: Callable[..., Game]) -> None:
    one = game(GAUSSIANS)
    assert_gaussians(one, 1, 1.5)
    one.drag(one.handle("mean of q"), -60)
    moved = one.value("mu_q")
    assert -1 < moved < 0.5  # the panel is twelve units wide, and over 500 pixels
    assert_gaussians(one, moved, 1.5)
    one.drag(one.handle("width of q"), 40)
    wider = one.value("sigma_q")
    assert 1.9 < wider < 2.7
    assert_gaussians(one, moved, wider)
    one.drag(one.handle("mean of q"), -2000)
    assert_gaussians(one, -4, wider)


def heights_of(line: Locator, top: float) -> np.ndarray:
    """The heights of a histogram's steps, on an axis from 0 to ``top``."""
    drawn = re.findall(r"[ML]([-\d.]+),([-\d.]+)", line.get_attribute("d") or "")
    pixels = np.array(drawn, dtype=float)[::2, 1]
    floor = pixels.max()  # some bin is empty
    return (floor - pixels) / (floor - 22) * top


def test_histograms_count_the_frozen_draws(game: Callable[..., Game]) -> None:
    one = game(ESTIMATES)
    data = json.loads(one.figure.locator("script").text_content() or "")
    noise = np.array(data["panels"][1]["marks"][0]["draws"])
    assert len(noise) == 500
    lines = one.figure.locator(".panels svg").nth(1).locator("path.line")
    one.drag(one.handle("width"), -15)
    places = [(one.value("mu"), one.value("sigma"), 0.0), (2, 0.5, 4.5), (-3, 2, 20)]
    for mean, std, base in places:
        for name, value in (("mu", mean), ("sigma", std), ("b", base)):
            one.set(name, value)
        z = mean + std * noise
        by_score = (z**2 - base) * noise / std
        for line, estimates in zip(lines.all(), (by_score, 2 * z), strict=True):
            counts, _ = np.histogram(estimates, bins=40, range=(-20, 20))
            shown = np.minimum(counts / 500, 1)
            np.testing.assert_allclose(heights_of(line, 0.7), shown, atol=0.0025)
        best = mean**2 + 3 * std**2
        score = (base - best) ** 2 / std**2 + 8 * mean**2 + 6 * std**2
        assert one.number("true gradient") == pytest.approx(2 * mean, abs=5.1e-4)
        assert one.number("variance, score") == pytest.approx(score, abs=5.1e-4)
        assert one.number("variance, pathwise") == pytest.approx(4 * std**2, abs=5e-4)
    assert 0.3 <= places[0][1] < 1


def test_a_handle_is_moved_by_keys(game: Callable[..., Game]) -> None:
    one = game(GAUSSIANS)
    mean, width = one.handle("mean of q"), one.handle("width of q")
    mean.focus()
    for keys, value in (
        (["ArrowRight"], 1.05),
        (["ArrowUp", "ArrowUp"], 1.15),
        (["ArrowLeft"], 1.1),
        (["Shift+ArrowLeft"], 0.6),
        (["Home"], -4),
        (["ArrowDown"], -4),
    ):
        for key in keys:
            one.page.keyboard.press(key)
        assert_gaussians(one, value, 1.5)
    assert mean.get_attribute("aria-valuetext") == "mean of q \N{MINUS SIGN}4.00"
    assert mean.get_attribute("aria-valuenow") == "-4"
    width.focus()
    one.page.keyboard.press("ArrowRight")
    assert_gaussians(one, -4, 1.55)


def test_a_finger_needs_no_precision_and_no_dragging(
    game: Callable[..., Game],
) -> None:
    """Targets are 24 pixels wide at least, and a tap brings the nearest handle."""
    for page in PLAYED:
        one = game(page, viewport=NARROW, has_touch=True)
        for target in one.figure.locator("button, input, .target").all():
            box = target.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 24
        assert one.page.evaluate("document.documentElement.scrollWidth") <= 390
    plane = game(PLANE, viewport=NARROW, has_touch=True)
    drawing = plane.figure.locator(".panels svg").first
    box = drawing.bounding_box()
    assert box is not None
    drawing.tap(position={"x": box["width"] * 0.9, "y": box["height"] * 0.2})
    assert 2 < plane.value("z_1") < 3
    assert 1.5 < plane.value("z_2") < 2.5


def test_a_finger_drags_a_handle_and_not_the_page(game: Callable[..., Game]) -> None:
    one = game(GAUSSIANS, viewport=NARROW, has_touch=True)
    mean = one.handle("mean of q")
    mean.evaluate(
        "handle => handle.scrollIntoView({ block: 'center', behavior: 'instant' })"
    )
    before = one.page.evaluate("scrollY")
    one.swipe(mean, -40, -120)
    moved = one.value("mu_q")
    assert -2 < moved < 0.5  # from 1; the panel is twelve units wide
    assert one.page.evaluate("scrollY") == before
    assert_gaussians(one, moved, 1.5)


def players_distance(game: Game, in_turns: bool) -> float:
    """How far the players of the linear judge end from the solution."""
    psi, theta = 1.0, 1.5
    names = ("alpha", "gamma", "s", "loss", "n")
    rate, weight, width, loss, steps = (game.value(name) for name in names)
    noise, shares = np.polynomial.hermite_e.hermegauss(9)
    noise, shares = width * noise, shares / shares.sum()

    def chance(logits: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-logits))

    for _ in range(int(steps)):
        judged = noise * chance(-psi * noise)
        judged -= (theta + noise) * chance(psi * (theta + noise))
        pull = -theta if loss == 2 else shares @ judged
        next_psi = psi + rate * (pull - weight * psi)
        faced = next_psi if in_turns else psi
        fooled = shares @ chance(faced * (theta + noise))
        theta += rate * faced * (fooled, 1 - fooled, 1)[int(loss)]
        psi = next_psi
    return float(np.hypot(psi, theta))


def players_moduli(game: Game, in_turns: bool) -> np.ndarray:
    """The moduli of the eigenvalues of a round at the solution, the smaller first."""
    names = ("alpha", "gamma", "s", "loss")
    rate, weight, width, loss = (game.value(name) for name in names)
    damping = weight + (0 if loss == 2 else width**2 / 2)
    push = rate * (1 if loss == 2 else 0.5)
    discriminator = np.array([[1 - rate * damping, -push], [0, 1]])
    generator = np.array([[1, 0], [push, 1]])
    together = discriminator + generator - np.eye(2)
    a_round = generator @ discriminator if in_turns else together
    return np.sort(abs(np.linalg.eigvals(a_round)))


def test_an_orbit_grows_step_by_step(game: Callable[..., Game]) -> None:
    one = game(PLAYERS)

    def assert_players() -> None:
        for label, in_turns in (("both at once", False), ("in turns", True)):
            expected = players_distance(one, in_turns)
            said = one.number(f"distance, {label}")
            assert said == as_said(expected)
            moduli = players_moduli(one, in_turns)
            shown = [one.number(f"|λ{index}|, {label}") for index in "₁₂"]
            np.testing.assert_allclose(np.sort(shown), moduli, atol=5.1e-4)
            verdict = one.figure.locator(
                f'output[data-label="near the solution, {label}"]'
            )
            largest = moduli[-1] - 1
            word = "settles" if largest < 0 else "leaves"
            if abs(largest) < 1e-9:
                word = "stays, to first order"
            assert verdict.text_content() == word

    assert_players()
    groups = one.figure.locator(".group")
    assert groups.locator("b").all_text_contents() == ["both at once", "in turns"]
    assert groups.first.locator("output").count() == 4
    answer = groups.first.locator('output[data-label^="near the solution"]')
    assert not answer.is_visible()  # a reader guesses first
    groups.first.locator("summary").click()
    assert answer.is_visible()
    for loss, word in enumerate(("saturating", "non-saturating", "Wasserstein")):
        one.set("loss", loss)
        shown = one.slider("loss").get_attribute("aria-valuetext")
        assert shown == word
        for rate, weight, width in ((0.2, 0, 0), (0.2, 0, 0.5), (1.3, 1.5, 0.3)):
            one.set("alpha", rate)
            one.set("gamma", weight)
            one.set("s", width)
            assert_players()
    one.set("loss", 0)
    one.set("s", 0)
    one.set("alpha", 0.5)
    one.set("gamma", 0.4)
    one.set("n", 0)
    line = one.figure.locator("path.line.thin").first
    for step in range(1, 4):
        one.figure.get_by_role("button", name="One step").click()
        assert one.value("n") == step
        assert (line.get_attribute("d") or "").count("L") == step
        assert_players()
    one.figure.get_by_role("button", name="Play").click()
    one.page.wait_for_function(
        "() => document.querySelector('input[name=n]').value > 6"
    )
    one.figure.get_by_role("button", name="Pause").click()
    assert_players()
    before = one.number("distance, in turns")
    one.drag(one.handle("start"), 30, 30)
    assert one.number("distance, in turns") != before


def bound_says(mean: float, variance: float) -> dict[str, float]:
    """What the figure of the bound should say, by the library: x = 3, w = 2, s = 1."""
    line = gaussian.PPCA(torch.tensor([[2.0]]).double(), torch.zeros(1).double(), 1.0)
    seen = torch.tensor([3.0]).double()
    law = torch.tensor([mean]).double(), torch.tensor([[variance]]).double()
    said = {
        "reconstruction": line.expected_log_likelihood(seen, *law),
        "price": gaussian.kl_full(*law, *line.prior),
        "gap": gaussian.kl_full(*law, *line.posterior(seen)),
        "sum of the bars": line.log_evidence(seen),
    }
    return {label: float(value) for label, value in said.items()}


def test_the_bounds_bars_move_and_their_sum_stands_still(
    game: Callable[..., Game],
) -> None:
    one = game(BOUND)

    def assert_bound() -> None:
        for label, value in bound_says(one.value("mu"), one.value("v")).items():
            assert one.number(label) == pytest.approx(value, abs=5.1e-4), label

    def bars() -> list[str | None]:
        return [b.get_attribute("height") for b in one.figure.locator(".bar").all()]

    assert_bound()
    before = bars()
    one.drag(one.handle("mean of q"), 60)
    assert 0.7 < one.value("mu") < 1.4
    one.drag(one.handle("width of q"), -20)
    assert one.value("v") < 0.5
    assert_bound()
    moved = [now != then for now, then in zip(bars(), before, strict=True)]
    assert moved == [True, True, True, False]
    for mean, variance in ((1.2, 0.2), (0, 1), (2.4, 0.02)):
        one.set("mu", mean)
        one.set("v", variance)
        assert_bound()


def test_the_image_is_the_decoders(game: Callable[..., Game]) -> None:
    model = kept_plane(records.read(ROOT / "book/records/vae-plane-seed0.json"))
    one = game(PLANE)
    one.drag(one.handle("place in the plane"), 25, -40)
    places = [(one.value("z_1"), one.value("z_2")), (-1.5, 0.75), (3.0, -3.0)]
    for place in places:
        one.set("z_1", place[0])
        one.set("z_2", place[1])
        pixels = one.figure.locator("canvas").evaluate(
            "c => [...c.getContext('2d').getImageData(0, 0, 8, 8).data]"
        )
        ink = 1 - np.array(pixels).reshape(64, 4)[:, 0] / 255
        expected = vae.sample(model, torch.tensor(place))
        np.testing.assert_allclose(ink, expected, atol=0.51 / 255)


def assert_draws(one: Game) -> None:
    """The numbers of draws are those of the library's linear model."""
    latents, noise, pixel = int(one.value("D")), one.value("s"), one.value("x")
    eye = torch.eye(latents, dtype=torch.float64)
    model = gaussian.PPCA(eye, torch.zeros_like(eye[0]), noise)
    after = model.posterior(torch.full_like(eye[0], pixel))
    nats = float(gaussian.kl_full(*after, *model.prior))
    cv_squared = float(gaussian.chi_squared_full(*after, *model.prior))
    assert one.number("k") == pytest.approx(nats, abs=5.1e-4)
    order_two = np.log1p(cv_squared)
    assert one.number("log(1 + CV²)") == pytest.approx(order_two, abs=5.1e-4)
    rounding = {"rel": 5.1e-3, "abs": 5.1e-4}
    assert one.number("e^k") == pytest.approx(np.exp(nats), **rounding)
    needed = one.number("draws for a tenth")
    assert needed == pytest.approx(100 * cv_squared, **rounding)


def test_the_draws_are_counted_as_the_library_does(game: Callable[..., Game]) -> None:
    one = game(DRAWS)
    assert_draws(one)
    for settings in ((1, 4, 0), (64, 0.1, 3), (8, 2, 1.5)):
        for name, value in zip("Dsx", settings, strict=True):
            one.set(name, value)
        assert_draws(one)
    before = one.value("x")
    one.drag(one.handle("posterior's mean"), -30)
    assert one.value("x") < before
    one.drag(one.handle("noise s"), -20)
    assert one.value("s") < 2
    one.drag(one.handle("latents D"), 20)
    assert one.value("D") > 8
    assert_draws(one)


class Walk(NamedTuple):
    """What a walk through the paper's network shows, by the library's own passes.

    ``boxes`` holds each box's value and what comes back to it, ``lines`` the numbers
    beside the links in the order of the drawing; each with the step of its coming.
    """

    boxes: dict[str, tuple[tuple[float, int], tuple[float, int]]]
    lines: list[tuple[float, int]]


def walk(x_1: float, x_2: float, w: float) -> Walk:
    net = MLP([2, 3, 1], ["relu", "identity"], torch.Generator(), torch.float64)
    net.weights[0].copy_(torch.tensor([[1, 2], [w, 1], [2, -3]]))
    net.weights[1].copy_(torch.tensor([[1, -2, 4]]))
    net.biases[0].copy_(torch.tensor([0, 1, 1]))
    net.forward(torch.tensor([[x_1, x_2]], dtype=torch.float64))
    first, last = net.errors(torch.ones(1, 1).double())
    by_first, _, by_last, _ = net.parameter_gradients([first, last])
    by_h = last @ net.weights[1]
    columns = {
        "x": (net.h[0], 0, net.input_gradient([first, last]), 7),
        "u¹": (net.u[0], 1, first, 6),
        "h¹": (net.h[1], 2, by_h, 5),
    }
    boxes = {
        f"{name}{'₁₂₃'[i]}": ((value[0, i].item(), at), (back[0, i].item(), then))
        for name, (value, at, back, then) in columns.items()
        for i in range(value.shape[1])
    }
    boxes["u²"] = ((net.u[1].item(), 3), (last.item(), 4))
    lines = []
    for i in range(3):
        for j in range(2):
            lines += [(net.weights[0][i, j].item(), 0), (by_first[i, j].item(), 7)]
        lines.append((float(net.u[0][0, i] > 0), 6))
        lines += [(net.weights[1][0, i].item(), 0), (by_last[0, i].item(), 5)]
    return Walk(boxes, lines)


def assert_walk(one: Game, step: int) -> None:
    """All numbers of the graph, and no others, at a step."""

    def shown(number: tuple[float, int]) -> str:
        value, since = number
        plain = f"{value + 0:g}".replace("-", "\N{MINUS SIGN}")
        return plain if since <= step else ""

    expected = walk(*(one.value(name) for name in ("x_1", "x_2", "w")))
    drawing = one.figure.locator("svg.graph")
    for label, numbers in expected.boxes.items():
        texts = drawing.locator(f'text[data-box="{label}"]').all_text_contents()
        assert texts == [label, *map(shown, numbers)], label
    beside = drawing.locator("text:not([data-box])").all_text_contents()
    assert beside == list(map(shown, expected.lines))


def test_a_network_is_stepped_through(game: Callable[..., Game]) -> None:
    one = game(WALK)
    assert_walk(one, 0)
    assert one.figure.locator("path.broken").count() == 1
    forward = one.figure.get_by_role("button", name="Forward")
    said = set()
    for step in range(1, 8):
        forward.click()
        assert one.value("n") == step
        assert_walk(one, step)
        said.add(one.figure.locator(".says").text_content())
    assert len(said) == 7
    assert "u² 21" in (
        one.figure.locator("svg.graph").get_attribute("aria-label") or ""
    )
    forward.click()  # there is no eighth step
    assert one.value("n") == 7
    for x_1, x_2, w in ((3, 1, 2), (-0.5, 2, 1.5), (-2, -3.5, 0), (4, 1, -0.5)):
        for name, value in (("x_1", x_1), ("x_2", x_2), ("w", w)):
            one.set(name, value)
        assert_walk(one, 7)
    one.set("x_1", 3)
    one.set("x_2", 1)
    one.set("w", 2)
    assert one.figure.locator("path.broken").count() == 0
    one.figure.get_by_role("button", name="Back").click()
    assert_walk(one, 6)


def test_a_network_is_stepped_through_by_keys(game: Callable[..., Game]) -> None:
    one = game(WALK)
    one.figure.get_by_role("button", name="Forward").focus()
    for step in (1, 2):
        one.page.keyboard.press("Enter")
        assert_walk(one, step)
    one.slider("n").focus()
    one.page.keyboard.press("ArrowRight")
    assert_walk(one, 3)
    one.page.keyboard.press("ArrowLeft")
    assert_walk(one, 2)


def test_a_narrow_graph_runs_downwards_and_nothing_overlaps(
    game: Callable[..., Game],
) -> None:
    for viewport in (NARROW, WIDE):
        one = game(WALK, viewport=viewport)
        one.set("n", 7)
        one.set("x_1", -3.5)
        one.set("w", 2.5)
        boxes = one.figure.locator("svg.graph text").evaluate_all(
            "texts => texts.map(text => text.getBBox()).map(({ x, y, width, height })"
            " => ({ x, y, width, height }))"
        )  # without the halos
        assert len(boxes) > 40
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                across = min(a["x"] + a["width"], b["x"] + b["width"])
                down = min(a["y"] + a["height"], b["y"] + b["height"])
                over = across - max(a["x"], b["x"]), down - max(a["y"], b["y"])
                assert min(over[0], over[1] - 8) <= 0, (viewport, a, b)
        first, last = (
            one.figure.locator(f'text[data-box="{name}"]').first.bounding_box()
            for name in ("x₁", "u²")
        )
        assert first
        assert last
        assert (last["y"] > first["y"] + 200) == (viewport == NARROW)


def squared_gains(game: Game) -> np.ndarray:
    """Of a gradient by x_0 to x_L of a stream, as the figure's settings are."""
    q, chi, alpha = (game.value(name) for name in ("q", "chi", "alpha"))
    power, factors = 1.0, []
    for _ in range(int(game.value("L"))):
        said, grown = [(q, chi), (1, chi / q), (q, chi / power), (q, chi)][
            place := int(game.value("place"))
        ]
        if place == 0:
            factors.append((alpha**2 + chi) / (alpha**2 + q))
        else:
            factors.append(1 + grown)
            power += said
    if game.value("final"):
        factors.append(1 / power)
    else:
        factors.append(1)
    return np.cumprod(factors[::-1])[::-1]


def test_a_streams_law_lies_on_what_was_measured(game: Callable[..., Game]) -> None:
    one = game(STREAM)
    panel = one.figure.locator(".panels svg").first
    for place, final, q, chi, alpha, length in (
        (0, 0, 1.5, 1, 1, 32),
        (0, 1, 2, 0, 2, 16),
        (1, 0, 1, 0.5, 1, 8),
        (2, 1, 0.5, 0.5, 3, 32),
        (2, 0, 2, 1, 1, 24),
        (3, 1, 1.5, 0.5, 1, 16),
    ):
        settings = {"place": place, "final": final, "q": q, "chi": chi}
        for name, value in {**settings, "alpha": alpha, "L": length}.items():
            one.set(name, value)
        law = squared_gains(one)
        said = one.number("squared gain to x\N{SUBSCRIPT ZERO}")
        assert said == as_said(law[0])
        assert one.number("its root") == as_said(law[0] ** 0.5)
        box = panel.bounding_box()
        assert box is not None
        low, high = 8, -8  # the frame's floor is 40 pixels above the drawing's, its
        unit = (box["height"] - 62) / (low - high)  # ceiling 22 below
        dots = panel.locator("circle.dot").all()
        assert len(dots) == 5
        for k, dot in enumerate(dots):
            moved = re.findall(r"[-\d.]+", dot.get_attribute("transform") or "")
            measured = 8 - (float(moved[1]) - 22) / unit
            expected = np.clip(np.log10(law[k * length // 4]), -8, 8)
            assert measured == pytest.approx(expected, abs=0.3)


@pytest.mark.parametrize("page", PLAYED)
def test_lines_and_words_stand_out(game: Callable[..., Game], page: str) -> None:
    """Axe does not look into drawings: lines at 3 to 1, words at 4.5."""
    seen = """f => {
        const of = (what, how) => [...f.querySelectorAll(what)]
            .map(part => getComputedStyle(part)[how]);
        return [getComputedStyle(document.body).backgroundColor,
            [...of(".line, .stops", "stroke"), ...of(".bar, .dot", "fill")],
            of("text:not(.sign)", "fill")];
    }"""
    one = game(page)
    for scheme in get_args(Scheme):
        one.visit.show(scheme, WIDE)
        paper, lines, words = one.figure.evaluate(seen)
        assert lines
        for colour in lines:
            assert contrast(shade(colour), shade(paper)) >= 3, colour
        for colour in words:
            assert contrast(shade(colour), shade(paper)) >= 4.5, colour


@pytest.mark.parametrize("page", PLAYED)
def test_without_scripts_a_still_picture_stands_there(
    browser: Browser, server: str, page: str
) -> None:
    context = browser.new_context(viewport=WIDE, java_script_enabled=False)
    silent = context.new_page()
    silent.goto(f"{server}/{page}")
    still = silent.locator(".playable img")
    still.scroll_into_view_if_needed()
    box = still.bounding_box()
    assert box is not None
    assert box["width"] > 500
    assert box["height"] > 150
    assert silent.locator(".playable .live").count() == 0
    context.close()


def test_paper_has_the_drawing_without_controls(game: Callable[..., Game]) -> None:
    one = game(GAUSSIANS)
    one.page.emulate_media(media="print")
    assert one.figure.locator(".panels svg").first.is_visible()
    assert not one.figure.locator("input").first.is_visible()
    assert not one.figure.locator("img").is_visible()


def test_nothing_moves_by_itself_for_those_who_asked_for_calm(
    game: Callable[..., Game],
) -> None:
    one = game(PLAYERS, reduced_motion="reduce")
    assert not one.figure.get_by_text("Play", exact=True).is_visible()
    before = one.value("n")
    one.figure.get_by_role("button", name="One step").click()
    assert one.value("n") == before + 1


def test_a_policy_may_forbid_code_in_the_page(browser: Browser, server: str) -> None:
    """Under `script-src 'self'` the figure plays: its data are no code."""
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()

    def forbid(route: Route) -> None:
        answer = route.fetch()
        policy = {"content-security-policy": "script-src 'self'"}
        route.fulfill(response=answer, headers={**answer.headers, **policy})

    page.route("**/*.html", forbid)
    page.goto(f"{server}/{GAUSSIANS}")
    slider = page.locator(".playable input[name=mu_q]")
    slider.fill("0")
    said = page.locator("output[data-label='KL(p, q)']").text_content()
    expected = gaussians_say(0, 1.5)["KL(p, q)"]
    assert float(said or "") == pytest.approx(expected, abs=5.1e-4)
    context.close()


@pytest.mark.parametrize("page", PLAYED)
def test_a_figure_to_play_with_is_numbered(page: str) -> None:
    for figure in soup(page).select(".playable"):
        caption = figure.find_parent("figure").figcaption
        number = "1" if page == FIRST else r"\d+\.\d+"
        assert re.match(rf"Fig\. {number} ", caption.text.strip())
        data = figure.select_one("script[type='application/json']")
        assert len(data.string) < 250_000
