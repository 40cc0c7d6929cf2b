"""The golden dialogs before an agent: the console in a real browser, before a real server, in real calls.

caller ──► Asterisk ──► queue ──► the agent's browser phone; the server, in this process, leads the script
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from playwright.async_api import Locator

from caruso.comm_server.conversations import Conversation
from caruso.model.ids import ContactId
from caruso.script_engine import engine
from caruso.script_engine.runs import Phase
from caruso.script_engine.tools.steps import Answer, Back, Confirm, Step, Together
from caruso.script_engine.turns import ScriptChannel, Segment, Turn
from lab.asterisk import LocalAsterisk
from lab.chromium import DIST, chromium
from lab.golden import Golden, Look, golden_cases, lead
from lab.golden_server import GoldenServer, golden_server, until
from lab.server import LAB_PASSWORD
from lab.sip_phones import sip_phones
from tests.browser.accessibility import violations
from tests.browser.conftest import Console, open_console
from tests.browser.golden_answers import TICKED, chosen, is_own_words, label_of, other_of, told

pytestmark = pytest.mark.asyncio(loop_scope="module")

CASES = list(golden_cases(ScriptChannel.AGENT))
#: Entry points and queues, one for each script.
NUMBERS = {name: f"71{number:02}" for number, name in enumerate(sorted({golden.dialog.id for golden in CASES}))}
_LINE = """
[queues.{name}]
name = "Line of {name}"
script = "{name}"
wrap_up_seconds = 0
[entry_points.{name}]
name = "{name}"
numbers = ["{number}"]
queue = "{name}"
"""
CENTRE = f"""
name = "Golden"
timezone = "UTC"
[agents.anna]
name = "Anna"
queues = {list(NUMBERS)}
""" + "".join(_LINE.format(name=name, number=number) for name, number in NUMBERS.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A server, and the agent who is signed in at it."""

    golden: GoldenServer
    console: Console
    #: What was looked at with the accessibility checker: items, and whether something was wrong there.
    checked: set[tuple[str, str, bool]] = field(default_factory=set)

    @asynccontextmanager
    async def call(self, golden: Golden) -> AsyncIterator[AgentSeat]:
        """Have somebody call, and the agent take the call; when the caller hangs up the agent is ready again."""
        self.golden.server.told.stubs = golden.case.stubs
        console, before = self.console, self.golden.contacts()
        async with sip_phones(self.golden.pbx) as phones:
            caller = phones.call(NUMBERS[golden.dialog.id])
            try:
                await console.until("offer")
                await console.press("Alt+a")
                await console.until("conversation", state="talking")
                contact = (await self.golden.conversation_after(before)).contact
                yield AgentSeat(golden, self, contact)
            finally:
                caller.hang_up()
                await caller.until_over()
                await console.until("presence", state="ready")
        assert console.failures == []


class AgentSeat:
    """An agent at the console."""

    def __init__(self, golden: Golden, office: Office, contact: ContactId) -> None:
        self._golden = golden
        self._office = office
        self._console = office.console
        self._contact = contact

    async def take(self, step: Step) -> None:
        before, page = self._led.run.turn, self._console.page
        match step:
            case Answer(text=text):
                await self._fill(self._turn, page.get_by_test_id("dialog-form"), text)
            case Together(answers=answers):
                for inner in self._turn.questions:
                    if inner.item in answers:
                        await self._fill(inner, page.get_by_test_id(f"together-{inner.item}"), answers[inner.item])
            case Confirm():
                pass
            case Back():
                await page.get_by_test_id("dialog-back").click()
            case _:
                raise AssertionError(f"an agent does not do this: {step}")
        if not isinstance(step, Back):
            await page.get_by_test_id("dialog-submit").click()
        await until(lambda: self._moved(before), f"the run has taken {step}")

    async def look(self) -> Look:
        await self._office.golden.settled()
        led, now = self._led, self._office.golden.server.now()
        shown = await self._shown(self._turn)
        effects = engine.resume(led.dialog, led.run, now)
        return Look(
            run=led.run,
            effects=(*self._office.golden.server.told.asked(), *effects[:1]),
            said=[Segment(text=shown)],
            now=now,
        )

    @property
    def _led(self) -> Conversation:
        return self._office.golden.conversation(self._contact)

    @property
    def _turn(self) -> Turn:
        return engine.present(self._led.dialog, self._led.run)

    def _moved(self, before: int) -> bool:
        return self._led.run.turn > before and self._led.run.phase is not Phase.WORKING

    async def _fill(self, question: Turn, form: Locator, text: str) -> None:
        if question.read_only:
            return
        if question.type not in TICKED:
            await form.get_by_test_id("dialog-field").fill(text)
            return
        for value in chosen(question, text):
            if await form.get_by_test_id("dialog-select").count():
                await form.get_by_test_id("dialog-select").click()
                await self._console.page.get_by_role("option", name=label_of(question, value), exact=True).click()
            elif is_own_words(question, value):
                await form.get_by_test_id(f"option-{other_of(question)}").click()
                await form.get_by_test_id("dialog-own-words").fill(value)
            else:
                await form.get_by_test_id(f"option-{value}").click()

    async def _shown(self, turn: Turn) -> str:
        """Return what the page shows of the turn, with all it says and complains about; all may use it."""
        panel = await self._console.until("dialog", item=turn.item, turn=str(turn.number))
        for asked in (turn, *turn.questions):
            if asked.error:
                await panel.get_by_text(asked.error).first.wait_for()
        for segment in turn.segments:
            await panel.get_by_text(segment.text).first.wait_for()
        await self._check(turn)
        return await panel.inner_text()

    async def _check(self, turn: Turn) -> None:
        """Fail when the accessibility checker finds something; each state of an item is looked at once."""
        state = (self._golden.dialog.id, turn.item, bool(turn.error or any(q.error for q in turn.questions)))
        if state not in self._office.checked:
            self._office.checked.add(state)
            assert await violations(self._console.page) == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """Return an agent who waits for calls."""
    assert (DIST / "index.html").is_file(), "the console is not built: make console"
    directory = tmp_path_factory.mktemp("office")
    async with (
        LocalAsterisk(directory / "pbx") as pbx,
        golden_server(pbx, directory / "server", CENTRE) as golden,
        chromium() as browser,
    ):
        console = await open_console(browser, golden.url)
        await console.sign_in("anna", LAB_PASSWORD)
        await console.until("station", reach="good")
        await console.press("Alt+r")
        await console.until("presence", state="ready")
        yield Office(golden=golden, console=console)


@pytest.mark.parametrize("golden", CASES, ids=str)
async def test_a_golden_dialog_comes_out_as_expected(golden: Golden, office: Office) -> None:
    """Somebody calls, and the agent who takes the call is led through the dialog."""
    async with office.call(golden) as seat:
        assert told(golden, await lead(golden, seat)) == []
