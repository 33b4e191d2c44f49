"""What everybody sets for themselves: the password, and in their browser alerts and the look."""

import json

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.server import PASSWORD, Server

NEW_PASSWORD = "una contraseña muy larga"


def sign_in(page: Page, password: str) -> None:
    page.goto("/login?next=/settings")
    page.get_by_label("User name").fill("laura")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#who")).to_have_text("Signed in as laura")


def test_an_operator_changes_their_password_and_other_sign_ins_end(
    open_context: OpenContext, server: Server
) -> None:
    server.post("/api/operators", username="laura", password=PASSWORD, bots="*", admin=False)
    page, elsewhere = (open_context(signed_in=False).new_page() for _ in range(2))
    for one in (page, elsewhere):
        sign_in(one, PASSWORD)
    expect(page.get_by_role("link", name="Operators")).to_have_count(0)

    def change(current: str, new: str, again: str) -> None:
        page.get_by_label("Current password").fill(current)
        page.get_by_label("New password", exact=True).fill(new)
        page.get_by_label("New password again").fill(again)
        page.get_by_role("button", name="Change password").click()

    problem = page.locator("#password-problem")
    change(PASSWORD, NEW_PASSWORD, "otra cosa")
    expect(problem).to_have_text("The two new passwords differ.")
    change("no es esta", NEW_PASSWORD, NEW_PASSWORD)
    expect(problem).to_contain_text("not your password")
    change(PASSWORD, NEW_PASSWORD, NEW_PASSWORD)
    expect(page.locator("#password-done")).to_have_text("Your password is changed.")
    expect(page.get_by_label("Current password")).to_have_value("")
    page.reload()
    expect(page.locator("#who")).to_have_text("Signed in as laura")
    elsewhere.goto("/settings")
    expect(elsewhere.get_by_role("heading")).to_have_text("Sign in")
    page.goto("/operators")
    expect(page.get_by_role("alert")).to_have_text("Only administrators see the operators.")


def test_the_look_is_there_before_anything_is_drawn_and_in_other_tabs(
    open_context: OpenContext,
) -> None:
    context = open_context(color_scheme="light")
    page, other = context.new_page(), context.new_page()
    other.goto("/bots")
    page.goto("/settings")
    paper = "getComputedStyle(document.body).backgroundColor"
    light, text = page.evaluate(paper), "getComputedStyle(document.documentElement).fontSize"
    page.get_by_label("Dark").check()
    page.get_by_label("Compact").check()
    for one in (page, other):
        one.wait_for_function(f"{paper} !== '{light}' && {text} === '14px'")
    # Before the first drawing: only what stops the parser runs then.
    page.add_init_script(
        """new MutationObserver(() => {
            if (document.body) window.themeAtBody ??= document.documentElement.dataset.theme;
        }).observe(document, { childList: true, subtree: true });"""
    )
    page.goto("/monitor")
    assert page.evaluate("window.themeAtBody") == "dark"
    page.goto("/settings")
    expect(page.get_by_label("Dark")).to_be_checked()
    page.get_by_label("System").check()
    page.wait_for_function(f"{paper} === '{light}'")


def test_alerts_are_switched_here_and_the_panel_can_be_installed(
    open_context: OpenContext, server: Server, complaints: list[str]
) -> None:
    context = open_context()
    context.grant_permissions(["notifications"], origin=server.url)
    page = context.new_page()
    page.goto("/settings")
    page.get_by_label("Sound").uncheck()
    page.get_by_label("Notification on the desktop").check()
    kept = json.loads(page.evaluate("localStorage.getItem('pulso alerts')"))
    assert kept == {"title": True, "badge": True, "sound": False, "desktop": True}
    page.reload()
    expect(page.get_by_label("Sound")).not_to_be_checked()
    session = context.new_cdp_session(page)
    assert session.send("Page.getAppManifest")["errors"] == []
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A profile of playwright's is one that keeps nothing.
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []
    assert complaints == []
