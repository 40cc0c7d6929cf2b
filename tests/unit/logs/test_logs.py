"""What is written to the log, and what must never be."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from caruso.logs import LossyLines, PersonalDataGuard, set_up_logs


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def written(out: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def set_up(**how: Any) -> io.BytesIO:
    out = io.BytesIO()
    set_up_logs(stream=out, cache=False, **how)
    return out


def test_a_line_is_one_json_object_with_time_and_level() -> None:
    out = set_up()
    structlog.get_logger().info("contact_queued", contact="c1", queue="billing", waiting=3)
    (line,) = written(out)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "contact_queued", "level": "info", "contact": "c1", "queue": "billing", "waiting": 3}


def test_context_is_bound_once_and_follows() -> None:
    out = set_up()
    with structlog.contextvars.bound_contextvars(contact="c1"):
        structlog.get_logger().info("offer_made")
    assert written(out)[0]["contact"] == "c1"


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_personal_data_is_never_written(log_format: str) -> None:
    out = set_up(log_format=log_format)
    with structlog.contextvars.bound_contextvars(pii_name="Anna Example"):
        structlog.get_logger().info("customer_found", pii_number="+4930123", nested={"pii_email": "a@example.com"})
    logging.getLogger("aiohttp").warning("odd", extra={"pii_number": "+4930123"})
    text = out.getvalue().decode()
    assert "customer_found" in text
    for personal in ("Anna", "4930123", "a@example.com"):
        assert personal not in text


def test_the_same_person_has_the_same_mark() -> None:
    guard = PersonalDataGuard("hash")
    first, same, other = (guard(None, "info", {"pii_n": n})["pii_n"] for n in ("1", "1", "2"))
    assert first == same != other
    assert PersonalDataGuard("hash")(None, "info", {"pii_n": "1"})["pii_n"] != first  # no dictionary can be made
    assert guard(None, "info", {"pii_n": ""})["pii_n"] == ""


def test_personal_data_can_be_dropped_altogether() -> None:
    out = set_up(personal_data="drop")
    structlog.get_logger().info("customer_found", pii_number="+4930123", customer="7")
    (line,) = written(out)
    assert "pii_number" not in line
    assert line["customer"] == "7"


def test_less_important_lines_are_left_out() -> None:
    out = set_up(level="warning")
    structlog.get_logger().info("contact_queued")
    structlog.get_logger().warning("link_lost")
    assert [line["event"] for line in written(out)] == ["link_lost"]


def test_libraries_are_heard_from_warning_on_with_their_name() -> None:
    out = set_up(level="debug")
    logging.getLogger("sqlalchemy.engine").info("SELECT 1")
    logging.getLogger("websockets.client").warning("closing %s", "socket")
    (line,) = written(out)
    assert (line["event"], line["logger"], line["level"]) == ("closing socket", "websockets.client", "warning")


def test_an_exception_is_written_with_its_cause() -> None:
    out = set_up()
    try:
        raise ValueError("bad")
    except ValueError:
        structlog.get_logger().exception("journal_failed")
        logging.getLogger("asyncio").exception("lost")
    ours, theirs = written(out)
    assert "ValueError: bad" in ours["exception"]
    assert "ValueError: bad" in theirs["exception"]


def test_whatever_stands_in_a_line_it_stays_one_line() -> None:
    out = set_up()
    structlog.get_logger().info("leg_arrived", odd="a\r\nb\x1b[2J", broken="\udc80", thing=object(), raw=b"\xff")
    (line,) = written(out)
    assert line["odd"].startswith("a\r\nb")


def test_setting_up_twice_writes_lines_once() -> None:
    set_up()
    out = set_up()
    logging.getLogger("aiohttp").warning("once")
    assert len(written(out)) == 1


def test_a_full_disk_stops_nobody() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        set_up_logs(stream=full, cache=False)
        structlog.get_logger().info("call_arrived")
        logging.getLogger("aiohttp").warning("odd")


def test_a_reader_who_does_not_read_stops_nobody_and_learns_how_much_was_lost() -> None:
    reading, writing = os.pipe()
    lines = LossyLines(os.fdopen(writing, "wb"))
    sent = [b'{"event": "call_arrived", "number": %d}\n' % number for number in range(5000)]
    for line in sent:
        lines.write(line)
    assert 0 < lines.lost < len(sent)
    first = _drain(reading)
    lost = lines.lost
    lines.write(b'{"event": "call_ended"}\n')
    text = first + _drain(reading)
    events = [json.loads(line) for line in text.splitlines()]
    assert [event["event"] for event in events[-2:]] == ["log_lines_lost", "call_ended"]
    assert events[-2]["lines"] == lost
    assert len(events) - 2 + lost == len(sent)
    os.close(reading)


def _drain(file: int) -> bytes:
    os.set_blocking(file, False)
    text = b""
    with contextlib.suppress(BlockingIOError):
        while part := os.read(file, 65536):
            text += part
    return text
