"""axe-core over a page: what it finds wrong, a line each."""

from playwright.sync_api import Page

from tests.browser.server import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

_RUN = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`));
}"""


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is now."""
    if not page.evaluate("'axe' in window"):
        # The pages' policy allows no script of another's: this one comes by the debugger.
        page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(_RUN)
    return found
