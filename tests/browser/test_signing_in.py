"""Coming in and going out: what is asked for before, what is shown after, and what is told when it fails."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from tests.browser.accessibility import violations
from tests.browser.conftest import Stage, open_console


async def test_a_password_that_was_not_typed_is_asked_for_and_counts_as_no_attempt(
    chromium: Browser, stage: Stage
) -> None:
    """The server is not asked; the focus is where the password is missing."""
    console = await open_console(chromium, stage.url)
    asked: list[str] = []
    console.page.on("request", lambda request: asked.append(request.method))
    await console.page.goto(stage.url)
    await console.part("sign-in-user").fill("anna")
    await console.press("Enter")
    await expect(console.part("sign-in-problem")).to_have_text("Please give your password.")
    await expect(console.part("sign-in-password")).to_be_focused()
    assert "POST" not in asked


async def test_a_password_is_kept_while_the_server_is_away(chromium: Browser, stage: Stage) -> None:
    """Nobody types it again because of a network: Enter is enough."""
    console = await open_console(chromium, stage.url)
    await console.page.goto(stage.url)
    await console.part("sign-in-user").fill("anna")
    await console.part("sign-in-password").fill("anna")
    await console.page.context.set_offline(True)
    await console.press("Enter")
    await expect(console.part("sign-in-problem")).to_have_text("The server cannot be reached.")
    await expect(console.part("sign-in-password")).to_have_value("anna")
    await console.page.context.set_offline(False)
    await console.press("Enter")
    await console.until("user-menu")


async def test_who_came_by_a_link_gets_its_page_after_signing_in(chromium: Browser, stage: Stage) -> None:
    """With what stands behind its question mark; who signs out begins at the first page again."""
    sam = await open_console(chromium, stage.url)
    await sam.page.goto(f"{stage.url}/reports?report=queues&from=2026-01-02&to=2026-01-03")
    await sam.part("sign-in-user").fill("sam")
    await sam.part("sign-in-password").fill("sam")
    await sam.press("Enter")
    await expect(sam.part("report-from")).to_have_value("2026-01-02")
    await sam.part("user-menu").click()
    await sam.part("sign-out").click()
    await sam.until("sign-in-form")
    assert sam.page.url == f"{stage.url}/sign-in"
    assert (await sam.text("sign-in-problem")).strip() == ""
    await sam.sign_in("sam", "sam")
    await sam.until("monitor")


async def test_a_session_that_is_over_is_told_and_the_page_is_there_again_after_signing_in(
    chromium: Browser, stage: Stage
) -> None:
    """Not only refused: the same days are shown again."""
    sam = await open_console(chromium, stage.url)
    await sam.sign_in("sam", "sam")
    await sam.page.goto(f"{stage.url}/access-log?by=anna")
    await sam.until("access-log-narrowed")
    await sam.page.context.clear_cookies()
    await sam.part("access-log-reload").click()
    await expect(sam.part("sign-in-problem")).to_have_text("Your session is over. Please sign in again.")
    assert await violations(sam.page) == []
    await sam.part("sign-in-user").fill("sam")
    await sam.part("sign-in-password").fill("sam")
    await sam.press("Enter")
    await sam.until("access-log-narrowed")


async def test_who_cannot_be_signed_out_is_not_shown_as_if_she_were(chromium: Browser, stage: Stage) -> None:
    """Without the server the session goes on: whoever comes next would have it."""
    sam = await open_console(chromium, stage.url)
    await sam.sign_in("sam", "sam")
    await sam.page.context.set_offline(True)
    await sam.part("user-menu").click()
    await sam.part("sign-out").click()
    banner = await sam.until("not-signed-out")
    await expect(banner).to_contain_text("The server cannot be reached. You are still signed in.")
    await expect(sam.page.get_by_role("menu")).to_have_count(0)
    assert await violations(sam.page) == []
    await sam.page.context.set_offline(False)
    await banner.get_by_role("button", name="Sign out").click()
    await sam.until("sign-in-form")
    await sam.page.goto(stage.url)
    await sam.until("sign-in-form")
