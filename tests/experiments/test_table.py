"""The table: the published settings are the report's, and comparisons are fair."""

from dataclasses import replace

from lib.experiments.table import EXPERIMENTS


def test_the_reports_run_and_its_peer_are_as_published():
    report = EXPERIMENTS["vae-mnist"].run
    assert (report.digits, report.hidden, report.latents) == ("mnist", 512, 20)
    assert (report.learning_rate, report.batch_size, report.epochs) == (1e-4, 128, 80)
    peer = EXPERIMENTS["vae-mnist-peer"].run
    assert (peer.digits, peer.hidden, peer.latents) == ("mnist", 400, 20)
    assert (peer.learning_rate, peer.batch_size, peer.epochs) == (1e-3, 128, 10)
    live = EXPERIMENTS["vae-digits"].run
    assert replace(live, digits="mnist", learning_rate=1e-4) == report


def test_the_gans_differ_only_by_what_they_are_to_show():
    usual = EXPERIMENTS["gan-mnist"].run
    other = EXPERIMENTS["gan-mnist-saturating"].run
    assert (usual.digits, usual.loss) == ("mnist", "non-saturating")
    assert other == replace(usual, loss="saturating")
    live = EXPERIMENTS["gan-digits"].run
    assert (live.digits, live.loss) == ("bundled-8x8", "non-saturating")
    assert live.samples == 500
    assert EXPERIMENTS["gan-mnist-r1"].run == replace(usual, penalty=10.0)
    assert EXPERIMENTS["gan-digits-r1"].run == replace(live, penalty=1.0)
