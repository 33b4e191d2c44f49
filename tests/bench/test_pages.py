"""The page's bench itself: what it publishes is taken, and a short afternoon gives its figures."""

from pathlib import Path

import pytest

from bench.pages.browser import CHROMIUM, chromium
from bench.pages.scenarios import all_day
from bench.peers.peer import ROOT

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"there is no {CHROMIUM}")


def test_an_afternoon_in_small_gives_its_figures() -> None:
    with chromium() as browser:
        day = all_day(browser, ROOT, rate=200, share=0.01)
        assert day["heap after 20,000, MB"] > 1
        assert day["DOM nodes at the end"] > 500
        assert day["DOM changes while hidden"] == 0
