"""Reports: chosen by keyboard, of the centre's own days, kept as files whose names say what is in them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from openpyxl import load_workbook
from playwright.async_api import Browser, Route, expect

from tests.browser.accessibility import violations
from tests.browser.conftest import Stage, open_console


async def test_a_report_is_chosen_sorted_and_kept_as_a_file(
    chromium: Browser, stage: Stage, tmp_path: Path
) -> None:
    """Today's at first; then another, of another time, as each kind of file; back goes back."""
    today = datetime.now(ZoneInfo(stage.centre.centre().timezone)).date()
    yesterday = today - timedelta(days=1)
    sam = await open_console(chromium, stage.url, width=400, timezone_id="Pacific/Auckland")
    await sam.sign_in("sam", "sam")
    await sam.part("nav-reports").press("Enter")
    await expect(sam.part("report-row")).to_have_count(2)
    await expect(sam.part("report-from")).to_have_value(today.isoformat())
    await expect(sam.part("report-total")).to_contain_text("Total")
    assert await sam.page.evaluate("document.documentElement.scrollWidth") <= 400
    assert await violations(sam.page) == []
    first = sam.part("report-row").first
    await expect(first).to_contain_text("Billing")
    await sam.part("report").get_by_role("button", name="Queue").press("Enter")
    await sam.part("report").get_by_role("button", name="Queue").press("Enter")
    await expect(first).to_contain_text("Meter")

    for kind in ("xlsx", "json", "csv"):
        await sam.part("report-format").select_option(kind)
        async with sam.page.expect_download() as kept:
            await sam.part("report-download").press("Enter")
        download = await kept.value
        assert download.suggested_filename == f"queue-hours-{today}.{kind}"
        await expect(sam.part("report-saved")).to_contain_text(f"queue-hours-{today}.{kind}")
        await download.save_as(tmp_path / f"report.{kind}")
    sheet = load_workbook(tmp_path / "report.xlsx").active
    assert sheet is not None
    assert [cell.value for cell in next(sheet.iter_rows())][:2] == ["Hour", "Queue"]
    assert len(json.loads((tmp_path / "report.json").read_text())["lines"]) == 2

    await sam.page.get_by_role("link", name="Yesterday").press("Enter")
    await expect(sam.part("report-to")).to_have_value(yesterday.isoformat())
    await expect(sam.part("report-empty")).to_have_text("Nothing was counted in these days.")
    await expect(sam.part("report-saved")).to_have_text("")
    await sam.part("report-name").select_option("queues")
    await sam.part("report-from").fill("2020-01-01")
    await sam.press("Enter")
    await expect(sam.part("report-choice")).to_contain_text("A report spans 400 days at most.")
    await expect(sam.part("report-show")).to_be_visible()
    assert await violations(sam.page) == []
    await sam.page.go_back()
    await expect(sam.part("report-name")).to_have_value("queue-hours")
    await sam.part("report-queue").select_option("meter")
    await sam.part("report-to").fill(today.isoformat())
    await sam.part("report-show").click()
    await expect(sam.part("report-row")).to_have_count(1)
    assert sam.failures == []


async def test_what_cannot_be_had_is_told_where_it_was_asked_for(chromium: Browser, stage: Stage) -> None:
    """A report that is not there; a file that cannot be written; a server that is gone."""
    sam = await open_console(chromium, stage.url)
    await sam.sign_in("sam", "sam")
    await sam.page.goto(f"{stage.url}/reports?report=nothing")
    await expect(sam.part("report-failed")).to_contain_text("There is no such report.")
    await sam.page.goto(f"{stage.url}/reports")
    await expect(sam.part("report-row")).to_have_count(2)

    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, json={"code": "busy", "message": "The storage is busy."})

    await sam.page.route("**/file/csv?*", refuse)
    await sam.part("report-download").click()
    await expect(sam.part("report-download-failed")).to_have_text("No file was made. The storage is busy.")
    assert await violations(sam.page) == []
    await sam.part("report-format").select_option("xlsx")
    await expect(sam.part("report-download-failed")).to_have_count(0)
    await stage.server.stop()
    await sam.part("report-reload").click()
    await sam.until("report-area", stale="true")
    await expect(sam.part("report-row")).to_have_count(2)
    assert await violations(sam.page) == []


async def test_days_asked_for_often_are_those_of_the_report_that_was_chosen(
    chromium: Browser, stage: Stage
) -> None:
    """Also when it has not been shown yet."""
    sam = await open_console(chromium, stage.url)
    await sam.sign_in("sam", "sam")
    await sam.part("nav-reports").click()
    await sam.until("report")
    await sam.part("report-name").select_option("queues")
    await sam.page.get_by_role("link", name="Last 7 days").click()
    await sam.page.wait_for_url("**/reports?report=queues&*")
    await expect(sam.part("report-name")).to_have_value("queues")


async def test_agents_see_no_reports(chromium: Browser, stage: Stage) -> None:
    """Neither in the navigation nor by their address."""
    anna = await open_console(chromium, stage.url)
    await anna.sign_in("anna", "anna")
    await anna.until("presence")
    assert await anna.part("nav-reports").count() == 0
    await anna.page.goto(f"{stage.url}/reports")
    await anna.until("presence")
    assert await anna.part("reports").count() == 0
