from xml.etree import ElementTree

from bench.chart import chart

SVG = "{http://www.w3.org/2000/svg}"


def test_every_server_measured_has_a_bar_and_the_longest_fills_the_room() -> None:
    drawn = ElementTree.fromstring(chart({"paced": {"cpu": {"pulso": 8.0, "aiohttp-sse": 32.0}}}))
    bars = {
        bar.get("class"): bar for bar in drawn.iter(f"{SVG}rect") if "bar" in bar.get("class", "")
    }
    assert float(bars["bar"].get("width", 0)) == 4 * float(bars["bar ours"].get("width", 0))
    texts = [text.text for text in drawn.iter(f"{SVG}text")]
    assert "aiohttp-sse" in texts and "32.0" in texts


def test_a_panel_nothing_was_measured_for_is_left_out() -> None:
    assert "idle" not in chart({"paced": {"cpu": {"pulso": 8.0}}})
    ElementTree.fromstring(chart({}))
