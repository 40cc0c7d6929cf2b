"""Callers who leave messages: what they say is kept, whatever happens; on a real Asterisk, by ear.

    caller ──► greeting ── tone ── his words ── # ──► "1: listen, 2: again" ── hangs up
                                                         │
    agent ◄── list ── take ── hears the tone he said ── calls him ── done

Each test ends at closing time (`lab.floor`): nothing left in Asterisk, nobody stuck, the journal balances.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from caruso.model import desk
from caruso.model.facts import (
    ContactCause,
    ContactEnded,
    ContactLeftQueue,
    OfferOutcome,
    Presence,
    QueueOutcome,
    VoicemailBegun,
    VoicemailDiscarded,
    VoicemailOffered,
    VoicemailOfferEnded,
    VoicemailReceived,
    VoicemailTranscribed,
)
from caruso.model.ids import ContactId
from lab.asterisk import LocalAsterisk
from lab.baresip import ListeningPhone, listening_caller
from lab.floor import Floor
from lab.listening import clear
from lab.mail_server import MailServer, mail_server
from lab.ports import free_port
from lab.server import CentreServer
from lab.sip_phones import PATIENCE_SECONDS
from lab.tones import loudness, share_of_tone, write_beeps
from lab.web_client import Refused, WebClient
from tests.asterisk.conftest import Premises

CALLER_HZ = 400.0
#: What the caller is heard to say before he presses a key or hangs up.
SPOKEN_SECONDS = 2.0

CENTRE = """
name = "Messages"
timezone = "Europe/Amsterdam"

[dispositions]
solved = "Solved"

[queues.gas]
name = "Gas"
wrap_up_seconds = 0
caller_id = "+31205550100"
[queues.gas.voicemail]
greeting = { en = "Hello." }
key = "7"
silence_seconds = 3
emails = ["office@example.com"]
[[queues.gas.overflow]]
nobody_signed_in = true
text = "Nobody is here."
voicemail = true

[agents.anna]
name = "Anna"
queues = ["gas"]
station = "sip"
address = "sip:anna@@PHONES@"

[agents.bob]
name = "Bob"
queues = ["gas"]
station = "sip"
address = "sip:bob@@PHONES@"

[queues.water]
name = "Water"
wrap_up_seconds = 0
[queues.water.voicemail]
greeting = { en = "Hello." }
offered = true
offer_seconds = 60

[agents.cara]
name = "Cara"
queues = ["water"]
station = "sip"
address = "sip:cara@@PHONES@"

[hours.never]
weekdays = []

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"

[entry_points.closed]
name = "Closed"
numbers = ["7002"]
queue = "gas"
hours = "never"
closed_text = "We are closed."
closed_voicemail = true

[entry_points.annas]
name = "Anna's voicemail"
numbers = ["7003"]
queue = "gas"
voicemail = true
voicemail_for = "anna"

[entry_points.water]
name = "Water line"
numbers = ["7005"]
queue = "water"

[entry_points.waters]
name = "Voicemail of water"
numbers = ["7006"]
queue = "water"
voicemail = true

[entry_points.scripted]
name = "A script leads to it"
numbers = ["7004"]
queue = "gas"
script = "fault"
"""

SCRIPT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="fault" version="1.0" languages="en" channels="phone agent">
  <title>Fault</title>
  <info id="hello"><text>Hello.</text></info>
  <handover id="leave" channel="agent" queue="'gas'" priority="5" to="voicemail"/>
  <end id="done" outcome="handled"><text>Good-bye.</text></end>
</dialog>
"""


#: Writes down how loud the sound is that it is given, and in which language it was spoken.
STT = '''
import array

import msgspec

from caruso.service_manager import Service, operation
from caruso.service_manager.hookspecs import hookimpl
from lab.tones import loudness, share_of_tone


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was said."""

    wav: bytes
    language: str


class Writer(Service):
    """Writes down what was said."""

    name, version = "stt", "1.0"

    @operation(repeatable=True)
    async def transcribe(self, params: Said, *, key: str) -> str:
        """Return it in words."""
        samples = array.array("h", params.wav[44:])
        tone = share_of_tone(samples, 400.0) > 0.6 and loudness(samples) > 0.03
        return f"A tone, said in {params.language}." if tone else "Nothing."


@hookimpl
def services(parts):
    return [Writer()]
'''
#: What it writes of a caller who is heard.
WRITTEN = "A tone, said in en."

#: Where the mail server is while a test runs.
MAIL_PORT = free_port()
SCRIPTS = {"fault": SCRIPT}


@pytest.fixture(scope="module")
def premises(pbx: LocalAsterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises]:
    """Run one server for all tests of this module; it writes each message down and mails it."""
    port = free_port(socket.SOCK_DGRAM)
    home = tmp_path_factory.mktemp("server")
    script = home / "fault.xml"
    script.write_text(SCRIPT, encoding="utf-8")
    mail = f'host = "127.0.0.1"\nport = {MAIL_PORT}\nsecurity = "none"\nsender = "caruso@example.com"'
    plugins = home / "plugins"
    plugins.mkdir()
    (plugins / "stt.py").write_text(STT, encoding="utf-8")
    centre = CENTRE.replace("@PHONES@", f"127.0.0.1:{port}")
    server = CentreServer(
        pbx,
        home,
        centre,
        scripts=[script],
        settings=f'[mail]\n{mail}\n[services]\nplugins = "{plugins}"\n',
        outside=f"PJSIP/trunk/sip:{{number}}@127.0.0.1:{port}",
    )
    asyncio.run(clear(pbx))
    asyncio.run(server.start())
    yield Premises(server=server, centre=centre, phones_port=port)
    asyncio.run(server.stop())


@pytest.fixture(autouse=True)
async def mails(premises: Premises) -> AsyncIterator[MailServer]:
    """Return the mail server."""
    async with mail_server(port=MAIL_PORT) as server:
        yield server


@contextlib.asynccontextmanager
async def speaker(pbx: LocalAsterisk, dialled: str, directory: Path) -> AsyncIterator[ListeningPhone]:
    """Have somebody call who says a tone all the time."""
    plays = write_beeps(directory / "caller.wav", hertz=CALLER_HZ, seconds=90)
    async with listening_caller(pbx, dialled, plays=plays) as caller:
        await caller.answered(within_seconds=15)
        yield caller


async def begun(floor: Floor, count: int) -> None:
    """Wait until somebody speaks after the tone for the `count`-th time."""
    await floor.facts(VoicemailBegun, count=count)


async def messages(who: WebClient, count: int, state: str = "") -> list[dict[str, Any]]:
    """Wait until somebody sees so many messages."""
    found: list[dict[str, Any]] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(found) != count or (not found and count):
                found = await who.call("GET", f"/api/voicemails{'?state=' + state if state else ''}")
                await asyncio.sleep(0.05)
    assert len(found) == count, found
    return found


async def sound_of(who: WebClient, message: str) -> array.array[int]:
    """Return what is heard in a message."""
    answer = await who.request("GET", f"/voicemails/{message}/sound")
    assert answer.status == 200, answer.body
    return array.array("h", answer.body[44:])


def holds_the_tone(samples: array.array[int]) -> bool:
    """Tell whether the caller is heard."""
    return loudness(samples) > 0.03 and share_of_tone(samples, CALLER_HZ) > 0.6


async def settle(floor: Floor, line: dict[str, Any]) -> None:
    """Let a supervisor be done with a message."""
    path = f"/api/voicemails/{line['id']}"
    now = await floor.supervisor.call("GET", path)
    await floor.supervisor.call("POST", f"{path}/done", {"version": now["version"]})


async def test_a_message_outside_the_hours_is_kept_written_down_mailed_claimed_answered_and_done(
    pbx: LocalAsterisk, floor: Floor, mails: MailServer, tmp_path: Path
) -> None:
    """He speaks, presses #, listens to himself, and hangs up; two agents want his message, one gets it.

    caller ── 7002 ── "We are closed. Hello." ── tone ── 400 Hz ── # ── menu ── 1 ── hears himself ── hangs up
    anna, bob ── take ──► anna has it ── hears 400 Hz ── calls him back ── done
    """
    anna, bob = await floor.agent("anna", ready=False), await floor.agent("bob", ready=False)
    async with speaker(pbx, "7002", tmp_path) as caller:
        await begun(floor, 1)
        await asyncio.sleep(SPOKEN_SECONDS)
        await caller.press("#")
        # He hears the menu first; the sound is silent while nobody plays anything to him.
        await caller.press("1")
        heard = await caller.listen(seconds=SPOKEN_SECONDS)
        assert heard.share_of(CALLER_HZ) > 0.3
        await caller.hang_up()
        await caller.ended()
    (line,) = await messages(anna.browser, 1)
    assert (line["queue"], line["owner"], line["state"]) == ("gas", None, "open")
    assert 1.0 <= line["seconds"] <= 10.0
    await floor.shows(lambda view: view.queues[0].voicemails == 1 and view.queues[0].voicemails_received == 1)
    await anna.sees(lambda view: view.queues[0].voicemails == 1)

    async def take(who: WebClient) -> bool:
        try:
            await who.call("POST", f"/api/voicemails/{line['id']}/take", {"version": line["version"]})
        except Refused:
            return False
        return True

    wins = await asyncio.gather(take(anna.browser), take(bob.browser), take(anna.browser))
    assert sorted(wins) == [False, False, True]
    winner, other = (bob, anna) if wins[1] else (anna, bob)
    with pytest.raises(Refused):
        await other.browser.call("POST", f"/api/voicemails/{line['id']}/done", {"version": line["version"] + 1})
    assert holds_the_tone(await sound_of(winner.browser, line["id"]))

    await floor.facts(VoicemailTranscribed, count=1)
    (mine,) = await messages(winner.browser, 1)
    assert mine["text"] == WRITTEN
    path = f"/api/voicemails/{line['id']}"
    await winner.browser.call("POST", f"{path}/call", {"version": mine["version"], "number": "4930111222"})
    (await winner.phone.rings()).answer()
    at_home = await floor.phones.phone("4930111222").rings()
    assert at_home.caller == "+31205550100"
    at_home.answer()
    await winner.until(Presence.TALKING)
    at_home.hang_up()
    await winner.until(Presence.NOT_READY, Presence.READY)

    (mine,) = await messages(winner.browser, 1)
    assert mine["replied_at"] is not None
    over = {"version": mine["version"], "disposition": "solved", "note": "Called back."}
    done = await winner.browser.call("POST", f"{path}/done", over)
    assert (done["state"], done["disposition"]) == ("done", "solved")
    assert await messages(winner.browser, 0) == []
    await floor.shows(lambda view: view.queues[0].voicemails == 0 and view.queues[0].voicemails_handled == 1)
    await floor.facts(ContactEnded, count=3)  # his call, hers, and the message
    past = await floor.supervisor.call("GET", f"/api/contacts/{line['id']}")
    assert (past["channel"], past["agent"]) == ("voicemail", winner.name)
    assert (past["disposition"], past["note"]) == ("solved", "Called back.")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not mails.mails:  # noqa: ASYNC110 -- mails tell nobody that they are there
            await asyncio.sleep(0.05)
    (mail,) = mails.mails
    assert mail["To"] == "office@example.com"
    body = mail.get_body()
    assert body is not None
    assert WRITTEN in body.get_content()
    (attached,) = mail.iter_attachments()
    assert holds_the_tone(array.array("h", attached.get_content()[44:]))


async def test_a_light_burns_on_the_phones_of_the_agents(pbx: LocalAsterisk, floor: Floor, tmp_path: Path) -> None:
    """Both phones are told of one message for the queue; when Anna takes it Bob's light goes out.

    asterisk ── NOTIFY message-summary ──► anna's phone, bob's phone
    """
    anna, bob = await floor.agent("anna", ready=False), await floor.agent("bob", ready=False)
    async with speaker(pbx, "7002", tmp_path) as caller:
        await begun(floor, 1)
        await asyncio.sleep(SPOKEN_SECONDS)
        await caller.hang_up()
    (line,) = await messages(anna.browser, 1)
    for agent in (anna, bob):
        await agent.phone.is_told("Messages-Waiting: yes", "Voice-Message: 1/0")
    await anna.browser.call("POST", f"/api/voicemails/{line['id']}/take", {"version": line["version"]})
    await bob.phone.is_told("Messages-Waiting: no", "Voice-Message: 0/0")
    await anna.phone.is_told("Messages-Waiting: no", "Voice-Message: 0/1")
    await settle(floor, line)
    await anna.phone.is_told("Voice-Message: 0/0")


async def test_hanging_up_keeps_what_was_said_unless_it_was_nothing(
    pbx: LocalAsterisk, floor: Floor, tmp_path: Path
) -> None:
    """One hangs up in the middle of a word, one at once; what the first said is for Anna alone.

    7003 ── "Hello." ── tone ── 400 Hz ── hangs up ──► Anna's      7003 ── tone ── hangs up ──► nothing
    """
    async with speaker(pbx, "7003", tmp_path) as caller:
        await begun(floor, 1)
        await asyncio.sleep(SPOKEN_SECONDS)
        await caller.hang_up()
        await caller.ended()
    anna, bob = await floor.agent("anna", ready=False), await floor.agent("bob", ready=False)
    (line,) = await messages(anna.browser, 1)
    assert line["owner"] == "anna"
    assert await messages(bob.browser, 0) == []
    with pytest.raises(Refused):
        await bob.browser.call("POST", f"/api/voicemails/{line['id']}/take", {"version": line["version"]})
    assert (await bob.browser.request("GET", f"/voicemails/{line['id']}/sound")).status == 404
    assert holds_the_tone(await sound_of(anna.browser, line["id"]))
    silent = floor.call("7003", number="4930100009")
    await silent.until_answered()
    await begun(floor, 2)
    silent.hang_up()
    await floor.facts(VoicemailDiscarded, count=1)
    assert len(await messages(anna.browser, 1)) == 1
    await settle(floor, line)


async def test_scripts_keys_and_overflow_lead_to_it(pbx: LocalAsterisk, floor: Floor, tmp_path: Path) -> None:
    """Nobody is signed in: he overflows; Anna is: he presses 7 while he waits; a script hands him over."""
    async with speaker(pbx, "7001", tmp_path) as caller:
        await begun(floor, 1)
        await asyncio.sleep(SPOKEN_SECONDS)
        await caller.hang_up()
    await floor.facts(VoicemailReceived, count=1)
    await floor.agent("anna", ready=False)
    async with speaker(pbx, "7001", tmp_path) as caller:
        await floor.shows(lambda view: len(view.waiting) == 1)
        await caller.press("7")
        await begun(floor, 2)
        await asyncio.sleep(SPOKEN_SECONDS)
        await caller.hang_up()
    async with speaker(pbx, "7004", tmp_path) as caller:
        await begun(floor, 3)
        await asyncio.sleep(SPOKEN_SECONDS)
        await caller.hang_up()
    urgent, *others = await messages(floor.supervisor, 3)
    assert (urgent["priority"], urgent["run"] is not None) == (5, True)
    left = await floor.facts(ContactLeftQueue, count=2)
    assert [fact.outcome for fact in left] == [QueueOutcome.FLOWED_OUT] * 2
    for line in (urgent, *others):
        await settle(floor, line)


async def test_a_message_is_offered_like_a_call_and_calls_wait_while_it_is_answered(
    pbx: LocalAsterisk, floor: Floor, tmp_path: Path
) -> None:
    """Declined and offered again, accepted, heard; a caller waits until it is done; the next survives kill -9.

    7006 ── 400 Hz ──► offered to cara ── declines ── ready ──► offered ── accepts ── hears ── done ──► 7005 rings
                   └── a second one ── she is done with the call ──► offered ── kill -9 ── start ── accepts ── done
    """
    cara = await floor.agent("cara")

    async def leave(count: int) -> None:
        async with speaker(pbx, "7006", tmp_path) as speaks:
            await begun(floor, count)
            await asyncio.sleep(SPOKEN_SECONDS)
            await speaks.hang_up()
            await speaks.ended()

    async def offered() -> ContactId:
        view = await cara.sees(lambda view: view.message_offer is not None)
        assert view.message_offer is not None
        assert view.presence.presence is Presence.OFFERED
        assert (view.message_offer.queue, view.message_offer.seconds > 1.0) == ("water", True)
        return view.message_offer.id

    async def done(message: ContactId) -> None:
        path = f"/api/voicemails/{message}"
        line = await cara.browser.call("GET", path)
        assert (line["state"], line["agent"]) == ("taken", "cara")
        await cara.browser.call("POST", f"{path}/done", {"version": line["version"]})

    await leave(1)
    first = await offered()
    await cara.do(desk.Decline, contact=first)
    view = await cara.until(Presence.NOT_READY)
    assert view.presence.reason == "declined"
    await cara.do(desk.GoReady)
    assert await offered() == first
    await cara.do(desk.Accept, contact=first)
    view = await cara.until(Presence.NOT_READY)
    assert (view.presence.reason, view.message, view.message_offer) == ("message", first, None)
    assert holds_the_tone(await sound_of(cara.browser, first))

    caller = await floor.waiting("7005")
    await leave(2)
    await floor.facts(VoicemailReceived, count=2)
    assert (cara.presence, cara.console.view.message_offer) == (Presence.NOT_READY, None)
    await done(first)
    (await cara.phone.rings()).answer()
    await cara.until(Presence.TALKING)
    caller.hang_up()
    second = await offered()
    assert second != first
    await floor.facts(VoicemailOffered, count=3)
    await floor.server.kill()
    await floor.server.start()
    await floor.reload(cara)
    assert await offered() == second
    await cara.do(desk.Accept, contact=second)
    await cara.sees(lambda view: view.message == second)
    await done(second)
    await cara.until(Presence.READY)
    ended = await floor.facts(VoicemailOfferEnded, count=3)
    assert [fact.outcome for fact in ended] == [
        OfferOutcome.DECLINED,
        OfferOutcome.ACCEPTED,
        OfferOutcome.ACCEPTED,
    ]
    decisions = await floor.supervisor.call("GET", f"/api/contacts/{first}/decisions")
    assert [decision["agent"] for decision in decisions] == ["cara", "cara"]


async def test_killed_while_somebody_speaks(pbx: LocalAsterisk, floor: Floor, tmp_path: Path) -> None:
    """The server dies while two speak; one hangs up meanwhile, the other speaks on and hears the menu.

    7003 ── tone ── 400 Hz ── kill -9 ──┬── hangs up ───────────────── start ──► kept
                                        └── speaks on ── start ── # ──► menu ── hangs up ──► kept
    """
    server = floor.server
    async with speaker(pbx, "7003", tmp_path) as first, speaker(pbx, "7003", tmp_path) as second:
        await begun(floor, 2)
        await asyncio.sleep(SPOKEN_SECONDS)
        await server.kill()
        await first.hang_up()
        await first.ended()
        await server.start()
        heard = len(second.heard_so_far().samples)
        await second.press("#")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while second.heard_so_far(since=heard).loudness < 0.005:  # noqa: ASYNC110 -- a file grows
                await asyncio.sleep(0.1)
        await second.hang_up()
        await second.ended()
    async with server.client("anna") as browser:
        lines = await messages(browser, 2)
        for line in lines:
            assert holds_the_tone(await sound_of(browser, line["id"]))
    for line in lines:
        await settle(floor, line)


async def test_asterisk_dies_while_somebody_speaks(pbx: LocalAsterisk, floor: Floor, tmp_path: Path) -> None:
    """What it had written down by then is kept."""
    async with speaker(pbx, "7003", tmp_path):
        await begun(floor, 1)
        await asyncio.sleep(4.0)
        await pbx.restart()
        await floor.server.until_healthy()
    (ended,) = await floor.facts(ContactEnded, count=1)
    assert ended.cause is ContactCause.PBX_LOST
    (line,) = await messages(floor.supervisor, 1)
    assert holds_the_tone(await sound_of(floor.supervisor, line["id"]))
    await settle(floor, line)
