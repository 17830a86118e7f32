"""How an experiment is run: the picture of its samples (the rest is in test_main)."""

import pytest
import torch

from lib.experiments.samples import samples_figure
from lib.training.loop import History


def snapshots(pixels: int) -> History:
    """Epochs out of order, as text, each with 64 images that differ."""
    draw = torch.Generator().manual_seed(0)
    epochs = {
        epoch: torch.randint(256, (64, pixels), generator=draw, dtype=torch.uint8)
        for epoch in ("10", "1", "2")
    }
    return History(snapshots=epochs)


@pytest.mark.parametrize(
    ("side", "panel", "row", "column"),
    # There is a line of grey between the images.
    [(28, 232, slice(29, 57), slice(87, 115)), (8, 72, slice(9, 17), slice(27, 35))],
)
def test_a_panel_shows_an_epochs_samples_in_rows_of_eight(side, panel, row, column):
    history = snapshots(side**2)
    figure = samples_figure(history)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["1 epoch", "2 epochs", "10 epochs"]
    drawn = torch.tensor(figure.axes[2].images[0].get_array().copy())
    assert drawn.shape == (panel, panel)
    assert torch.equal(drawn[row, column].reshape(-1), history.snapshots["10"][11])


def test_ink_is_black_and_paper_white():
    image = samples_figure(snapshots(784)).axes[0].images[0]
    assert image.to_rgba([[0, 255]])[0, :, 0].tolist() == [1, 0]


def test_the_line_between_the_images_is_grey():
    figure = samples_figure(snapshots(64))
    drawn = torch.tensor(figure.axes[2].images[0].get_array().copy())
    assert set(drawn[17].tolist()) == set(drawn[:, 35].tolist()) == {96}
