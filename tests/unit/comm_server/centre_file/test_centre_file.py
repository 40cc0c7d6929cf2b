"""What a centre.toml describes, and what is said about a wrong one."""

from __future__ import annotations

import re
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.centre_file.reading import CentreFile, read_centre, unknown_scripts
from caruso.errors import RejectedInput
from caruso.model.centre import (
    Disposition,
    Information,
    Interval,
    NotReadyReason,
    Role,
    Station,
    StationKind,
    Whisper,
)
from caruso.model.ids import AgentId, QueueId

GOOD = """\
name = "Example Energy"
timezone = "Europe/Berlin"
scripts = ["scripts/*.xml", "more/meter.xml"]

[skills]
german = "German"
tariffs = "Tariffs"

[not_ready_reasons]
break = "Break"
meeting = "Meeting"

[dispositions]
solved = "Solved"
follow-up = "Follow-up needed"

[hours.office]
weekdays = ["13:00-17:30", "08:00-12:00"]
friday = ["08:00-12:00"]
sunday = ["22:00-24:00"]
[hours.office.special]
2026-12-24 = ["08:00-12:00"]
2026-12-25 = []

[hours.tokyo]
timezone = "Asia/Tokyo"
weekdays = ["00:00-24:00"]

[queues.billing]
name = "Billing"
skills = { german = 5 }
ring_seconds = 15
dispositions = ["solved"]
script = "agent-billing"

[queues.service]
name = "Service"

[agents.anna]
name = "Anna"
queues = ["billing", "service"]
skills = { german = 10, tariffs = 3 }

[agents.bob]
name = "Bob"
queues = ["service"]
station = "sip"
address = "sip:5001@192.0.2.7:5060"
role = "supervisor"

[entry_points.main]
name = "Main number"
numbers = ["4711", "+4930123"]
queue = "billing"
script = "meter"
language = "de"
hours = "office"
closed_text = "We are closed."

[entry_points.portal]
name = "Portal"
queue = "service"
web = "meter"
about = { en = "Your meter", de = "Ihr Zähler" }
minutes = 3
call_back = true

[entry_points.night]
name = "Night"
numbers = ["4712"]
queue = "service"
"""


def findings(text: str) -> list[str]:
    with pytest.raises(RejectedInput) as rejected:
        read_centre(text, "centre.toml")
    return [str(finding) for finding in rejected.value.findings]


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, f"{old!r} must stand there once"
    return GOOD.replace(old, new)


def test_a_good_file_becomes_a_centre() -> None:
    read = read_centre(GOOD, "centre.toml")
    centre = read.centre
    assert centre.name == "Example Energy"
    assert [s.pattern for s in read.scripts] == ["scripts/*.xml", "more/meter.xml"]
    billing = centre.queues["billing"]  # type: ignore[index]
    assert (billing.ring_seconds, dict(billing.skills), billing.script) == (15.0, {"german": 5}, "agent-billing")
    assert billing.dispositions == (Disposition(id="solved", name="Solved"),)
    service = centre.queues["service"]  # type: ignore[index]
    assert [d.id for d in service.dispositions] == ["solved", "follow-up"]
    anna, bob = centre.agents.values()
    assert (anna.role, anna.station) == (Role.AGENT, Station(kind=StationKind.BROWSER))
    assert (bob.role, bob.station.address) == (Role.SUPERVISOR, "sip:5001@192.0.2.7:5060")
    main = centre.entry_point_for("+4930123")
    assert main is not None
    assert (main.id, main.queue, main.script, main.hours) == ("main", "billing", "meter", "office")
    portal = centre.entry_points["portal"]  # type: ignore[index]
    assert (portal.web, portal.numbers, portal.minutes, portal.call_back) == ("meter", (), 3, True)
    assert portal.about == {"en": "Your meter", "de": "Ihr Zähler"}
    assert centre.colour == "#0b5a6b"
    assert centre.not_ready_reasons == (
        NotReadyReason(id="break", name="Break"),
        NotReadyReason(id="meeting", name="Meeting"),
    )
    assert read.warnings == ()


def test_opening_hours_are_sorted_and_days_of_their_own_replace_weekdays() -> None:
    hours = read_centre(GOOD, "centre.toml").centre.hours
    office = hours["office"]
    morning = Interval(opens=time(8), closes=time(12))
    assert office.weekdays[0] == (morning, Interval(opens=time(13), closes=time(17, 30)))
    assert office.weekdays[4] == (morning,)
    assert office.weekdays[5] == ()
    assert office.weekdays[6] == (Interval(opens=time(22), closes=time(0)),)
    assert office.special == {date(2026, 12, 24): (morning,), date(2026, 12, 25): ()}
    assert office.timezone == "Europe/Berlin"
    assert hours["tokyo"].timezone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('queue = "billing"', 'queue = "biling"', "There is no queue “biling”. (did you mean “billing”?)"),
        ('hours = "office"', 'hours = "offic"', "There is no hours “offic”. (did you mean “office”?)"),
        ('["billing", "service"]', '["billing", "servce"]', "unknown-queue] @agents.anna.queues[2]"),
        ('["billing", "service"]', '["billing", "billing"]', "twice] @agents.anna.queues[2]"),
        ("{ german = 10,", "{ germn = 10,", "unknown-skill] @agents.anna.skills.germn"),
        ("{ german = 5 }", "{ french = 5 }", "(known: german, tariffs)"),
        ("{ german = 5 }", "{ german = 11 }", "a whole number from 1 to 10, not 11"),
        (
            'dispositions = ["solved"]',
            'dispositions = ["sold"]',
            "unknown-disposition] @queues.billing.dispositions[1]",
        ),
        ('["4712"]', '["4713", "4711"]', "4711 leads to entry point “main” already."),
        ('["4712"]', '["4712", "4712"]', "duplicate-number] @entry_points.night.numbers[2]"),
        ('["4712"]', "[4712]", "a number as it is dialled, in quotes, without spaces, not 4712"),
        ('["4712"]', "[]", "no-number] @entry_points.night.numbers"),
        (
            '"Europe/Berlin"',
            '"Europe/Berln"',
            "There is no time zone “Europe/Berln”. (did you mean “Europe/Berlin”?)",
        ),
        ('"Asia/Tokyo"', '"../../etc/passwd"', "unknown-timezone] @hours.tokyo.timezone"),
        (
            "[agents.anna]",
            '[agents."anna~1"]',
            "wrong-key] @agents.anna~1 A key of agents must be an id (a-z 0-9 _ -",
        ),
        ("[agents.anna]", "[agents.Anna]", "wrong-key] @agents.Anna"),
        ('break = "Break"', 'rona = "Rona"', "reserved-id] @not_ready_reasons.rona"),
        ('web = "meter"', "", "no-number] @entry_points.portal.numbers"),
        ('web = "meter"', "", "“minutes” is for web pages: set web."),
        ('web = "meter"', 'web = "resume"', "reserved-id] @entry_points.portal.web"),
        ('numbers = ["4712"]', 'web = "meter"', "is the web page of entry point “portal” already."),
        ("minutes = 3", "minutes = -1", "a whole number from 0 to 240"),
        ("{ en =", "{ EN =", "a language like en or de-AT"),
        ('station = "sip"\n', "", "contradiction] @agents.bob.address"),
        (
            '"sip:5001@192.0.2.7:5060"',
            '"sip:x@h\\r\\nEvil: 1"',
            "agents.bob.address must be an address like sip:5001@192.0.2.7:5060",
        ),
        ('station = "sip"\naddress', 'station = "number"\naddress', "Which number is called? Set number."),
        ('role = "supervisor"', 'number = "+4930123456"', "A number is called only with station = “number”."),
        ('name = "Bob"\n', 'name = "Bob"\nnumber = "030 12"\n', "a number with country code, like +4930123456"),
        ("[agents.bob]", '[stations]\nnumbers = ["030*"]\n[agents.bob]', "or +49* for all that begin so"),
        ("[agents.bob]", '[stations]\nwhisper = "shout"\n[agents.bob]', "one of “queue”, “beep”, “nothing”"),
        ("[agents.bob]", '[stations]\nconfirm_key = "10"\n[agents.bob]', "a key of the telephone"),
        ('role = "supervisor"', 'role = "boss"', "one of “agent”, “supervisor”, “admin”, not “boss”"),
        (
            '"00:00-24:00"',
            '"00:00-24:01"',
            "@hours.tokyo.weekdays[1] “00:00-24:01” holds a time that no clock shows.",
        ),
        ('"00:00-24:00"', '"8-17"', "a stretch of the day like “08:00-17:30”, not “8-17”"),
        (
            '"00:00-24:00"',
            '"22:00-06:00"',
            "closes before it opens. Over midnight write “22:00-24:00”, and “00:00-06:00” on the next day.",
        ),
        ('"00:00-24:00"', '"08:00-08:00"', "closes-before-opening"),
        ('"00:00-24:00"', '"08:00-12:00", "07:00-08:01"', "overlap] @hours.tokyo.weekdays[1]"),
        ('friday = ["08:00-12:00"]', 'holidays = "DD"', "unknown-country] @hours.office.holidays"),
        ('friday = ["08:00-12:00"]', 'holidays = "DE-XY"', "unknown-region] @hours.office.holidays"),
        ('friday = ["08:00-12:00"]', 'holidays = "de"', "wrong-value] @hours.office.holidays"),
        (
            'friday = ["08:00-12:00"]',
            'on_holidays = ["08:00-12:00"]',
            "contradiction] @hours.office.on_holidays",
        ),
        (
            'closed_text = "We are closed."',
            'closed_to = "nihgt"',
            "unknown-entry point] @entry_points.main.closed_to",
        ),
        (
            'closed_text = "We are closed."',
            'closed_queue = "servce"',
            "unknown-queue] @entry_points.main.closed_queue",
        ),
        (
            'closed_text = "We are closed."',
            'closed_to = "night"\nclosed_queue = "service"',
            "contradiction] @entry_points.main.closed_queue",
        ),
        (
            'closed_text = "We are closed."',
            "closed_call_back = true",
            "contradiction] @entry_points.main.closed_call_back",
        ),
        (
            'closed_text = "We are closed."',
            "closed_voicemail = true",
            "contradiction] @entry_points.main.closed_voicemail",
        ),
        (
            'numbers = ["4712"]',
            'numbers = ["4712"]\nvoicemail = true',
            "contradiction] @entry_points.night.voicemail",
        ),
        (
            'numbers = ["4712"]',
            'numbers = ["4712"]\nvoicemail_for = "ana"',
            "unknown-agent] @entry_points.night.voicemail_for",
        ),
        ("ring_seconds = 15", 'call_back = { key = "xx" }', "wrong-value] @queues.billing.call_back.key"),
        (
            "ring_seconds = 15",
            'voicemail = { emails = ["nobody"] }',
            "wrong-value] @queues.billing.voicemail.emails[1]",
        ),
        (
            "ring_seconds = 15",
            "voicemail = { offered = true, offer_below = -1 }",
            "wrong-value] @queues.billing.voicemail.offer_below",
        ),
        (
            "ring_seconds = 15",
            'voicemail = { key = "7" }\nescape_key = "7"\nescape_to = "night"',
            "twice] @queues.billing.voicemail.key",
        ),
        (
            "ring_seconds = 15",
            "overflow = [{ ahead = 1, voicemail = true }]",
            "contradiction] @queues.billing.overflow[1].voicemail",
        ),
        ('closed_text = "We are closed."', 'closed_to = "main"', "circle] @entry_points.main.closed_to"),
        (
            'closed_text = "We are closed."',
            'outcomes = { moving = "nihgt" }',
            "unknown-entry point] @entry_points.main.outcomes.moving",
        ),
        (
            'closed_text = "We are closed."',
            'outcomes = { moving = "main" }',
            "circle] @entry_points.main.outcomes.moving",
        ),
        (
            'numbers = ["4712"]',
            'numbers = ["4712"]\noutcomes = { moving = "main" }',
            "contradiction] @entry_points.night.outcomes",
        ),
        (
            'numbers = ["4712"]',
            'numbers = ["4712"]\nclosed_queue = "billing"',
            "contradiction] @entry_points.night.closed_queue",
        ),
        ("2026-12-25 = []", "2026-02-30 = []", "wrong-key] @hours.office.special.2026-02-30"),
        ("ring_seconds = 15", "ring_second = 15", "(did you mean “ring_seconds”?)"),
        ("ring_seconds = 15", "ring_seconds = 0", "a number from 1 to 300, not 0"),
        ('name = "Billing"', "", "missing-key] @queues.billing queues.billing has no “name”."),
        ('name = "Billing"', 'name = "a\\nb"', "text in one line"),
        ("[queues.service]", "[queue.service]", "(did you mean “queues”?)"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, expected: str) -> None:
    line = GOOD[: GOOD.index(old)].count("\n") + 1
    said = findings(changed(old, new))
    assert any(expected in finding for finding in said), said
    assert any(re.match(rf"centre.toml:({line}|{line - 1}|{line + 1}):", finding) for finding in said), said


def test_all_mistakes_are_told_in_the_order_of_the_file() -> None:
    text = GOOD.replace('"Europe/Berlin"', '"Mars"').replace('name = "Service"', "").replace("4712", "4711")
    said = findings(text.replace('station = "sip"', 'station = "can"'))
    rules = [re.findall(r"\[([a-z-]+)\]", finding)[0] for finding in said]
    assert rules == ["unknown-timezone", "missing-key", "wrong-value", "contradiction", "duplicate-number"]
    # The queue without a name is still known: nobody who refers to it is blamed.
    assert not any("unknown-queue" in finding for finding in said)


def test_an_empty_file_says_what_it_needs() -> None:
    assert findings("") == [
        "centre.toml: error[missing-key] The file has no “name”.",
        "centre.toml: error[missing-key] The file has no “timezone”.",
    ]


def test_mistakes_inside_are_told_even_when_the_name_is_missing() -> None:
    said = findings(changed('name = "Example Energy"\n', "").replace('queue = "billing"', 'queue = "x"'))
    assert any("has no “name”" in finding for finding in said)
    assert any("unknown-queue" in finding for finding in said)


def test_unknown_scripts_are_told_by_those_who_know_the_scripts() -> None:
    read = read_centre(GOOD, "centre.toml")
    assert unknown_scripts(read, {"meter", "agent-billing"}) == ()
    finding, portal = unknown_scripts(read, {"metre", "agent-billing"})
    assert portal.attribute == "entry_points.portal.web"
    assert str(finding).startswith("centre.toml:55:1: error[unknown-script] @entry_points.main.script")
    assert finding.suggestion == "did you mean “metre”?"


def warnings(read: CentreFile) -> list[str]:
    return [str(warning) for warning in read.warnings]


def test_a_queue_that_nobody_can_serve_is_a_warning() -> None:
    read = read_centre(changed("{ german = 10,", "{ german = 4,"), "centre.toml")
    (warning,) = warnings(read)
    assert "warning[nobody-able] @queues.billing No agent can take contacts of queue “billing”." in warning


def test_hours_without_a_text_for_the_others_are_a_warning() -> None:
    (warning,) = warnings(read_centre(changed('closed_text = "We are closed."\n', ""), "centre.toml"))
    assert "warning[no-closed-text] @entry_points.main" in warning


_anything = st.recursive(
    st.integers(-3, 3) | st.booleans() | st.sampled_from(["billing", "", "x", "08:00-09:00", "2026-01-01"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "name"]), inner, max_size=2),
    max_leaves=3,
)
_VALUE = re.compile(r"^([a-z0-9_-]+ = ).*$", re.MULTILINE)


def toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


@given(st.integers(0, len(_VALUE.findall(GOOD)) - 1), _anything)
def test_whatever_stands_there_is_read_or_told(which: int, value: object) -> None:
    match = list(_VALUE.finditer(GOOD))[which]
    text = GOOD[: match.start()] + match[1] + toml(value) + GOOD[match.end() :]
    try:
        read_centre(text, "centre.toml")
    except RejectedInput as rejected:
        assert all(finding.line for finding in rejected.findings)  # noqa: PT017  both outcomes are right


def test_a_number_may_have_entry_points_for_some_callers_and_one_for_all_others() -> None:
    more = """
[entry_points.vip]
name = "For some"
numbers = ["4711"]
callers = ["+4930*", "+4940123", "hidden"]
queue = "service"
"""
    centre = read_centre(GOOD + more, "centre.toml").centre
    assert not warnings(read_centre(GOOD + more, "centre.toml"))[2:]

    def found(caller: str) -> str | None:
        point = centre.entry_point_for("4711", caller)
        return point.id if point else None

    assert [found("+49301"), found("+4940123"), found("")] == ["vip", "vip", "vip"]
    assert [found("+49401234"), found("+49"), found("4930")] == ["main", "main", "main"]
    assert centre.entry_point_for("4799", "+49301") is None
    twice = GOOD + more.replace("callers", "#")
    assert any("duplicate-number" in finding for finding in findings(twice))


def test_an_overflow_needs_a_condition_and_one_target() -> None:
    def told(lines: str) -> list[str]:
        return findings(GOOD + f"\n[[queues.service.overflow]]\n{lines}\n")

    assert any("no-condition" in finding for finding in told('queue = "billing"'))
    assert any("no-target" in finding for finding in told("ahead = 3"))
    assert any("contradiction" in finding for finding in told('ahead = 3\nqueue = "billing"\ntext = "Full."'))
    assert any("circle" in finding for finding in told('ahead = 3\nqueue = "service"'))
    assert any("unknown-queue" in finding for finding in told('ahead = 3\nqueue = "servce"'))
    assert any("unknown-entry point" in finding for finding in told('ahead = 3\nentry_point = "nihgt"'))


def test_keys_of_a_queue_do_not_contradict_each_other() -> None:
    def told(lines: str) -> list[str]:
        return findings(GOOD.replace("[queues.service]", f"[queues.service]\n{lines}", 1))

    assert any("contradiction" in finding for finding in told('escape_key = "9"'))
    assert any("contradiction" in finding for finding in told('escape_to = "night"'))
    same = 'escape_key = "1"\nescape_to = "night"\ncall_back = {}'
    assert any("twice" in finding for finding in told(same))


def test_information_has_words_and_a_way_to_be_heard() -> None:
    def written(lines: str, queue: str = "") -> str:
        more = GOOD.replace("[queues.service]", f"[queues.service]\n{queue}", 1)
        return more + f"\n[[queues.service.information]]\n{lines}\n"

    def told(lines: str, queue: str = "") -> list[str]:
        return findings(written(lines, queue))

    keyed = read_centre(written('key = "4"\ntext = { en = "We are at home." }'), "centre.toml").centre
    assert keyed.queues[QueueId("service")].information == (Information(key="4", text={"en": "We are at home."}),)
    read_centre(written('sound = "tariffs.wav"', "information_seconds = 30"), "centre.toml")
    assert any("nothing-said" in finding for finding in told('key = "4"'))
    assert any("contradiction" in finding for finding in told('text = { en = "Nobody hears this." }'))
    silent = told('key = "4"\ntext = { en = "Tariffs." }', "information_seconds = 30")
    assert any("information_seconds" in finding for finding in silent)
    same = told('key = "1"\nsound = "a.wav"', "call_back = {}")
    assert any("twice" in finding and "call-back" in finding for finding in same)
    again = told('key = "4"\nsound = "a.wav"\n[[queues.service.information]]\nkey = "4"\nsound = "b.wav"')
    assert any("twice" in finding and "information" in finding for finding in again)


def test_an_agent_may_begin_at_a_telephone_whose_line_is_kept_open() -> None:
    remote = """
[stations]
numbers = ["+49*"]
confirm_key = ""
whisper = "beep"
music = "quiet"

[agents.cara]
name = "Cara"
station = "number"
number = "+4930123456"
nailed_up = true
"""
    centre = read_centre(GOOD + remote, "centre.toml").centre
    cara = centre.agents[AgentId("cara")]
    assert cara.station == Station(kind=StationKind.NUMBER, number="+4930123456", nailed_up=True)
    rules = centre.stations
    assert (rules.confirm_key, rules.whisper, rules.music) == ("", Whisper.BEEP, "quiet")
    assert rules.allows("+4930123456")
    assert not rules.allows("+3912345678")
    with pytest.raises(RejectedInput, match="Nobody can be called"):
        read_centre(GOOD + remote.replace("+4930123456", "+49900123456"), "centre.toml")
    with pytest.raises(RejectedInput, match="not kept open"):
        read_centre(GOOD + '[agents.cara]\nname = "Cara"\nnailed_up = true\n', "centre.toml")


def test_reasons_and_outcomes_may_have_limits_of_their_own() -> None:
    text = GOOD.replace('break = "Break"', 'break = { name = "Break", limit_minutes = 15, at_most = 2 }')
    text = text.replace('solved = "Solved"', 'solved = { name = "Solved", wrap_up_seconds = 5 }')
    centre = read_centre(text, "centre.toml").centre
    assert centre.not_ready_reasons[0] == NotReadyReason(id="break", name="Break", limit_seconds=900, at_most=2)
    (solved,) = centre.queues[QueueId("billing")].dispositions
    assert solved == Disposition(id="solved", name="Solved", wrap_up_seconds=5)
    wrong = text.replace("at_most = 2", "at_most = 0")
    with pytest.raises(RejectedInput, match="at_most"):
        read_centre(wrong, "centre.toml")
