"""What others published about runs like the recorded ones, and how far it compares."""

from typing import NamedTuple


class Published(NamedTuple):
    """A figure with its source and conditions; ``measure`` is ours beside it."""

    said: str
    figure: str = ""
    measure: str = ""


IWAE = (
    "with the same network, batches and schedule, carried on to 3,280 epochs, by 5,000 "
    "samples on all test images {cite}`burda2016importance`. Here the schedule is cut "
    "off after 40 epochs, the weights start as PyTorch draws them, and the "
    "likelihood is that of the first 1,000 test images."
)
PUBLISHED = {
    "vae-mnist": Published(
        "89.78 with 400 units and 40 latents after 500 epochs on images that were "
        "binarised once, by 200 samples {cite}`chadebec2022pythae`; 86.76 with two "
        "layers of 200 and 50 latents after 3,280 epochs on images that were binarised "
        "anew each time {cite}`burda2016importance`. Other networks, trained longer, "
        "on pixels like those that they are judged by; here training is on grey ones.",
        figure="86.8 to 89.8",
        measure="NLL",
    ),
    "vae-mnist-peer": Published(
        "105.5 to 105.6, in logs of the example with these settings "
        "{cite}`pytorchexamples1416`.",
        figure="105.5 to 105.6",
        measure="loss, grey",
    ),
    "iwae-mnist-k1": Published(
        f"86.76 {IWAE}",
        figure="86.76",
        measure="NLL",
    ),
    "iwae-mnist-k5": Published(
        f"85.54 {IWAE}",
        figure="85.54",
        measure="NLL",
    ),
    "iwae-mnist-k50": Published(
        f"84.78 {IWAE}",
        figure="84.78",
        measure="NLL",
    ),
    "gan-mnist": Published(
        "6.8 ± 0.5 for a convolutional network after a wide search "
        "{cite}`lucic2018gans`. It is measured in the features of another network, on "
        "another scale: the two numbers cannot be compared.",
        figure="6.8 ± 0.5, other scale",
        measure="Fréchet distance",
    ),
    "gan-mnist-saturating": Published(
        "As for `gan-mnist`. The same study {cite}`lucic2018gans` found no loss that "
        "was consistently better than the non-saturating one."
    ),
    "gan-mnist-r1": Published(
        "None for plain layers on MNIST. The study that proposed the penalty "
        "{cite}`mescheder2018which` judges larger networks on larger images."
    ),
    "translate-multi30k": Published(
        "36.1 for German to English alone, by a widely used tutorial "
        "{cite}`trevettseq2seq`, which cuts and cases text in its own way. Here one "
        "network serves all directions.",
        figure="36.1, one direction",
        measure="BLEU, de-en",
    ),
    "translate-multi30k-en-de": Published(
        "41.02 for a network of this size, of lower-cased text cut into words by a "
        "tokeniser, with a beam of five {cite}`wu2021good`. Their batches, schedule "
        "and subwords are others.",
        figure="41.02",
        measure="BLEU, Moses",
    ),
    "norms-multi30k": Published(
        "No number, but a bound: at the start, the last feed-forward layer's gradient "
        "does not shrink with the depth under post-norm, and shrinks with the root of "
        "the depth under pre-norm {cite}`xiong2020layer`."
    ),
    "norms-phrases-long": Published(
        "Another measure on other data: without warm-up, post-norm reaches 8.45 BLEU "
        "where about 34 are usual {cite}`xiong2020layer`."
    ),
}
