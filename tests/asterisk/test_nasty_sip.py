"""Strangers write into SIP what they like: what arrives at desk, monitor and journal is clean.

From: "<script>" <sip:49%0d%0a30@…>  ──►  Asterisk ──►  journal, monitor, desk, the agent's phone
"""

from __future__ import annotations

import pytest

from caruso.model.facts import ContactArrived, Presence
from lab.floor import Floor

CENTRE = """
name = "Nasty"
timezone = "Europe/Amsterdam"

[queues.gas]
name = "Gas"
wrap_up_seconds = 0

[agents.anna]
name = "Anna"
queues = ["gas"]
station = "sip"
address = "sip:anna@@PHONES@"

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"
"""

#: As it stands in From, and as it is to be seen; None: whatever, so long as it is clean.
NAMES = {
    "quotes": (rb'"Bea \"the boss\" B"', 'Bea "the boss" B'),
    "backslash": (rb'"back\\slash"', "back\\slash"),
    "escaped-line-break": (b'"%0d%0aX-Evil: 1"', "%0d%0aX-Evil: 1"),
    "tab": (b'"tab\tin"', "tab in"),
    "shell": (b'"${SHELL(ls)}"', "${SHELL(ls)}"),
    "dialplan": (b'"$[1+1] ${EXTEN}"', "$[1+1] ${EXTEN}"),
    "markup": (b'"<script>alert(1)</script>"', "<script>alert(1)</script>"),
    "percent": (b'"%s%n%d%x"', "%s%n%d%x"),
    "commas": (b'"a,b;c=d?e&f|g"', "a,b;c=d?e&f|g"),
    "emoji": ('"Zoë \U0001f600"'.encode(), "Zoë \U0001f600"),
    "right-to-left": ('"\u202eevil"'.encode(), "evil"),
    "terminal": (b'"\x01\x02\x1b[31m"', "[31m"),
    "nothing": (b"", ""),
    "empty": (b'""', ""),
    "no-quotes": (b"Plain Words", "Plain Words"),
    "encoded-word": (b"=?utf-8?Q?M=C3=BCller?=", "=?utf-8?Q?M=C3=BCller?="),
    "zero": (b'"null\x00x"', None),
    "broken-utf8": (b'"\xff\xfe broken \xc3"', None),
    "surrogate": (b'"\xed\xa0\xbd"', None),
    "4-kB-of-umlauts": (b'"' + "ü".encode() * 2000 + b'"', None),
    "4-kB-of-emoji": (b'"' + "\U0001f600".encode() * 1000 + b'"', None),
}

NUMBERS = {
    "parameter": ("4930;ext=5", "4930"),
    "space": ("49%2030", "49 30"),
    "markup": ("%3Cscript%3E", "<script>"),
    "line-break": ("49%0d%0a30", "49 30"),
    "shell": ("%24%7BSHELL(ls)%7D", "${SHELL(ls)}"),
    "quote": ("49%2230", '49"30'),
    "comma": ("4930,5", "4930,5"),
    "hidden": ("anonymous", "anonymous"),
    "not-utf8": ("%ff%fe", ""),
    "zero": ("%00", ""),
    "long": ("7" * 300, "7" * 64),
}

#: What is dialled, and the status it is answered with: 404 for what no entry point has.
DIALLED = {
    "7001%3Bx": 404,
    "7001%2C1": 404,
    "7001%24%7BSHELL(ls)%7D": 404,
    "7001$%7BEXTEN%7D": 404,
    "70%0d%0a01": 404,
    "7001%F0%9F%98%80": 404,
    "7" * 300: 404,
    "%37001": 200,
}

#: Asterisk itself drops these, and goes on.
MALFORMED = (b'"line\\\r\nbreak"', b'"fold\r\n ed"', b'"never closed', b'"only\\')


def assert_clean(text: str, limit: int) -> None:
    """No control or formatting character, one line, whole UTF-8, cut."""
    assert len(text) <= limit
    assert text.isprintable() or "\u200d" in text
    text.encode()


@pytest.mark.parametrize(("sent", "seen"), NAMES.values(), ids=NAMES)
async def test_whatever_a_caller_is_called_the_desk_shows_it_clean(
    floor: Floor, sent: bytes, seen: str | None
) -> None:
    """From: "…" <sip:491@…> ──► anna's desk, her phone, the journal."""
    anna = await floor.agent("anna")
    caller = floor.call("7001", number="491", display=sent)
    ringing = await anna.phone.rings()
    view = await anna.until(Presence.OFFERED)
    assert view.contact is not None
    assert_clean(view.contact.caller_name, 200)
    if seen is not None:
        assert view.contact.caller_name == seen
    assert ringing.caller == "491", "the phone understands what it is sent"
    ringing.answer()
    await anna.until(Presence.TALKING)
    await caller.until_answered()
    caller.hang_up()
    (arrived,) = await floor.facts(ContactArrived, count=1)
    assert arrived.caller_name == view.contact.caller_name


@pytest.mark.parametrize(("sent", "seen"), NUMBERS.values(), ids=NUMBERS)
async def test_whatever_number_a_caller_has_the_monitor_shows_it_clean(floor: Floor, sent: str, seen: str) -> None:
    """From: <sip:…@…> ──► monitor, journal."""
    caller = floor.call("7001", number=sent)
    await caller.until_answered()
    monitor = await floor.shows(lambda view: len(view.waiting) == 1)
    assert monitor.waiting[0].caller == seen
    assert_clean(monitor.waiting[0].caller, 64)
    (arrived,) = await floor.facts(ContactArrived, count=1)
    assert arrived.caller_number == seen


async def test_whatever_is_dialled_is_a_number_of_ours_or_refused(floor: Floor) -> None:
    """INVITE sip:…@… ──► 404, or the queue."""
    for dialled, status in DIALLED.items():
        caller = floor.call(dialled, number="491")
        if status == 200:
            await caller.until_answered()
            caller.hang_up()
        await caller.until_over()
        assert caller.status == status, dialled


async def test_what_is_no_sip_at_all_harms_nobody(floor: Floor) -> None:
    """Malformed INVITEs and rubbish ──► nothing; the caller after them is served."""
    anna = await floor.agent("anna")
    broken = [floor.call("7001", number="66", display=display) for display in MALFORMED]
    for rubbish in (
        b"\x00" * 1000,
        b"INVITE sip:7001 SIP/2.0\r\n\r\n",
        b"\xff" * 60_000,
        b"SIP/2.0 200 OK\r\n\r\n",
    ):
        floor.phones.send(rubbish, floor.phones.target)
    floor.call("7001", number="491")
    ringing = await anna.phone.rings()
    assert ringing.caller == "491"
    ringing.answer()
    await anna.until(Presence.TALKING)
    for caller in broken:
        assert not caller.tried.is_set()
        caller.end()
    assert len(await floor.facts(ContactArrived, count=1)) == 1
