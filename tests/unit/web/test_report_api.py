"""Reports over the web: for supervisors, of their queues."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caruso.model.ids import QueueId, UserId
from tests.unit.web.conftest import House

#: Monday to Sunday in Berlin, where the clock was put forward on that Sunday.
LAST_WEEK = "since=2026-03-22T23:00:00Z&until=2026-03-29T22:00:00Z"


async def status(house: House, user: str, path: str) -> int:
    return (await (await house.browser(user)).request("GET", path)).status


async def test_reports_are_listed_and_made_with_their_formulas(house: House) -> None:
    sam = await house.browser("sam")
    assert {report["id"] for report in await sam.call("GET", "/api/reports")} >= {"queues", "wait-estimates"}
    made = await sam.call("GET", "/api/reports/queues")
    assert made["total"]["figures"][0] == 2
    column = next(column for column in made["columns"] if column["id"] == "exclude-short")
    assert (column["unit"], column["formula"]) == ("percent", "A_T / (A + B - B_s)")


async def test_only_supervisors_see_reports_and_of_their_queues(house: House) -> None:
    assert await status(house, "anna", "/api/reports") == 403
    assert await status(house, "anna", "/api/reports/queues") == 403
    every = await (await house.browser("sam")).call("GET", "/api/reports/queues")
    assert [line["groups"] for line in every["lines"]] == [["billing"], ["meter"]]
    described = house.centre.centre()
    house.centre.describe(replace(described, supervisors={UserId("sam"): frozenset({QueueId("billing")})}))
    sam = await house.browser("sam")
    assert [line["groups"] for line in (await sam.call("GET", "/api/reports/queues"))["lines"]] == [["billing"]]
    assert (await sam.call("GET", "/api/reports/queues?queue=meter"))["lines"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", 422),
        ("since=2020-01-01T00:00:00Z", 422),
        ("since=yesterday", 422),
    ],
)
async def test_a_stretch_of_time_that_is_none_is_told(house: House, query: str, code: int) -> None:
    assert await status(house, "sam", f"/api/reports/queues?{query}") == code


async def test_a_report_that_is_not_there_is_not_found(house: House) -> None:
    assert await status(house, "sam", "/api/reports/nothing") == 404


async def test_a_report_is_a_file_of_each_kind(house: House) -> None:
    sam = await house.browser("sam")
    formats = await sam.call("GET", "/api/report-formats")
    assert [each["name"] for each in formats] == ["csv", "json", "xlsx"]
    for each in formats:
        answer = await sam.request("GET", f"/api/reports/queues/file/{each['name']}?queue=meter&{LAST_WEEK}")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == each["media_type"]
        assert (
            f'filename="queues-2026-03-23-to-2026-03-29.{each["name"]}"' in answer.headers["Content-Disposition"]
        )
        assert answer.body
    text = (await sam.request("GET", "/api/reports/queues/file/csv?queue=meter")).body.decode("utf-8-sig")
    assert len(text.splitlines()) == 3, "headings, the queue asked for, and the total"


@pytest.mark.parametrize(
    ("user", "path", "code"),
    [
        ("anna", "queues/file/csv", 403),
        ("sam", "nothing/file/csv", 404),
        ("sam", "queues/file/exe", 404),
        ("sam", "queues/file/csv?since=yesterday", 422),
        ("sam", "queues/file/csv?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", 422),
    ],
)
async def test_a_file_that_cannot_be_had_is_refused(house: House, user: str, path: str, code: int) -> None:
    assert await status(house, user, f"/api/reports/{path}") == code
