"""The peer as a whole process: ``python -m lib.bench.peer DATA FOLDER``.

It does what PyTorch's example of a VAE does, in our words: torchvision's MNIST, image
by image through ToTensor into batches of 128, a sigmoid and the binary cross-entropy,
Adam at 1e-3; after each epoch the loss on the test images and a grid of samples, which
goes into the folder.
"""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.data import DataLoader

BATCH, PIXELS, HIDDEN, LATENTS, EPOCHS = 128, 784, 400, 20, 3
TESTED = 10000


class Example(nn.Module):
    """784-400-20-400-784, with probabilities at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(PIXELS, HIDDEN)
        self.mean = nn.Linear(HIDDEN, LATENTS)
        self.log_variance = nn.Linear(HIDDEN, LATENTS)
        self.back = nn.Linear(LATENTS, HIDDEN)
        self.pixels = nn.Linear(HIDDEN, PIXELS)

    def decode(self, z: Tensor) -> Tensor:
        logits: Tensor = self.pixels(F.relu(self.back(z)))
        return torch.sigmoid(logits)

    def forward(self, images: Tensor) -> Tensor:
        """The loss of a batch, summed over its images and pixels."""
        x = images.view(-1, PIXELS)
        hidden = F.relu(self.hidden(x))
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        spread = torch.exp(0.5 * log_variance)
        found = self.decode(mean + torch.randn_like(spread) * spread)
        divergence = -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum()
        loss: Tensor = F.binary_cross_entropy(found, x, reduction="sum") + divergence
        return loss


def main(
    data: str, folder: Path
) -> None:  # pragma: no cover (a whole training, in a process)
    from torchvision import datasets, transforms, utils

    torch.manual_seed(1)
    loaders = [
        DataLoader(
            datasets.MNIST(data, train, transforms.ToTensor()),
            batch_size=BATCH,
            shuffle=train,
        )
        for train in (True, False)
    ]
    model = Example()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(EPOCHS):
        for images, _ in loaders[0]:
            optimiser.zero_grad()
            loss = model(images)
            loss.backward()
            loss.item()  # as its running total does
            optimiser.step()
        with torch.no_grad():
            tested = sum(model(images).item() for images, _ in loaders[1])
            print(f"epoch {epoch + 1}: {tested / TESTED:.2f}")
            samples = model.decode(torch.randn(64, LATENTS)).view(64, 1, 28, 28)
            utils.save_image(samples, folder / f"samples-{epoch + 1}.png")


if __name__ == "__main__":  # pragma: no cover
    main(sys.argv[1], Path(sys.argv[2]))
