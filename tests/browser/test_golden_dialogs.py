"""The golden dialogs before an agent and on the web, in a real browser.

agent: the built console in front of a desk that the engine leads
web:   the public pages in front of durable runs, their database in memory
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page

from caruso.clock import SystemClock
from caruso.model.ids import AgentId, RunId
from caruso.script_engine import engine
from caruso.script_engine.loader import load
from caruso.script_engine.runs import Phase, Run, run_from_json
from caruso.script_engine.tools.looking import Failure
from caruso.script_engine.tools.pressing import as_typed
from caruso.script_engine.tools.setting import Stub
from caruso.script_engine.tools.steps import Answer, Back, Confirm, Step, Together
from caruso.script_engine.turns import (
    CallService,
    Effect,
    FindObjects,
    ObjectsFound,
    QuestionType,
    ScriptChannel,
    Segment,
    ServiceAnswered,
    Turn,
)
from caruso.script_engine.values import to_values
from lab.fake_runs import Answer as ServiceReply
from lab.golden import Golden, Look, NotOffered, ServiceFailed, files, golden_cases, lead
from lab.script_dialog import ScriptDialog
from lab.self_service import PublicRuns, self_service_server
from tests.browser.conftest import Console, a_stage, open_console
from tests.browser.public_pages import Street, Visitor

ANNA = AgentId("anna")
PATIENCE_SECONDS = 10.0
_TICKED = frozenset({QuestionType.CHOICE, QuestionType.CHOICES, QuestionType.YES_NO, QuestionType.RATING})


#: One browser serves all cases of a dialog.
DIALOGS = sorted(
    {golden.dialog.id for c in (ScriptChannel.AGENT, ScriptChannel.WEB) for golden in golden_cases(c)}
)


def cases_of(dialog: str, channel: ScriptChannel) -> list[Golden]:
    return [golden for golden in golden_cases(channel) if golden.dialog.id == dialog]


def told(golden: Golden, failures: list[Failure]) -> list[str]:
    return [f"{golden}, line {failure.spot.line}: {failure}" for failure in failures]


async def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds of a run: it cannot tell."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited in vain until {what}") from None


def chosen(question: Turn, text: str) -> list[str]:
    """Return what is to be ticked for an answer; raise `NotOffered`."""
    values = [value for value in as_typed(question.type, text).split("\n") if value]
    offered = {option.value for option in question.options}
    own_words = any(option.other for option in question.options)
    alone = {option.value for option in question.options if option.exclusive}
    if (offered and not own_words and not offered.issuperset(values)) or (len(values) > 1 and alone & set(values)):
        raise NotOffered
    return values


def is_own_words(question: Turn, value: str) -> bool:
    return any(option.other for option in question.options) and value not in {o.value for o in question.options}


def other_of(question: Turn) -> str:
    return next(option.value for option in question.options if option.other)


def label_of(question: Turn, value: str) -> str:
    return next(option.label for option in question.options if option.value == value)


# -- Before an agent ------------------------------------------------------------------------------------------


class ToldDialog(ScriptDialog):
    """A dialog on a fake desk whose services answer as a case says."""

    def __init__(self, golden: Golden, run: RunId, now: Callable[[], datetime]) -> None:
        self.stubs: Mapping[str, Stub] = golden.case.stubs
        self.effects: list[Effect] = []
        super().__init__(golden.dialog, run, now)

    @property
    def state(self) -> Run:
        return self._state

    def _take(self, effects: tuple[Effect, ...]) -> None:
        super()._take(effects)
        self.effects += effects
        for effect in effects:
            if isinstance(effect, CallService):
                stub = self.stubs.get(effect.service, Stub())
                self._give(ServiceAnswered(key=effect.key, result=stub.result, failure=stub.failure))
            elif isinstance(effect, FindObjects):
                self._give(ObjectsFound(key=effect.key))


class AgentSeat:
    """An agent at the console."""

    def __init__(self, golden: Golden, console: Console, dialog: ToldDialog) -> None:
        self._golden = golden
        self._console = console
        self._dialog = dialog

    async def take(self, step: Step) -> None:
        before, page = self._dialog.state.turn, self._console.page
        turn = engine.present(self._golden.dialog, self._dialog.state)
        match step:
            case Answer(text=text):
                await self._fill(turn, page.get_by_test_id("dialog-form"), text)
            case Together(answers=answers):
                for inner in turn.questions:
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
        await until(lambda: self._dialog.state.turn > before, "the run has taken the step")

    async def look(self) -> Look:
        run = self._dialog.state
        turn = engine.present(self._golden.dialog, run)
        await self._console.until("dialog", item=turn.item)
        effects, self._dialog.effects = self._dialog.effects, []
        shown = await self._shown(turn)
        return Look(run=run, effects=effects, said=[Segment(text=shown)], now=run.at)

    async def _fill(self, question: Turn, form: Locator, text: str) -> None:
        if question.read_only:
            return
        if question.type not in _TICKED:
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
        """Return what the page shows of the dialog; what the turn complains about must be there."""
        panel = self._console.part("dialog")
        for asked in (turn, *turn.questions):
            if asked.error:
                await panel.get_by_text(asked.error).first.wait_for()
        for segment in turn.segments:
            await panel.get_by_text(segment.text).first.wait_for()
        return await panel.inner_text()


@asynccontextmanager
async def at_the_desk(chromium: Browser, golden: Golden) -> AsyncIterator[AgentSeat]:
    """Have an agent take a contact that the dialog leads."""
    led: list[ToldDialog] = []

    def begin(run: RunId, _: str) -> ToldDialog:
        led.append(ToldDialog(golden, run, SystemClock().now))
        return led[0]

    async with a_stage() as stage:
        stage.centre._new_dialog = begin
        console = await open_console(chromium, stage.url)
        await console.sign_in("anna", "anna")
        await console.until("presence", state="not-ready")
        await console.press("Alt+r")
        await console.until("presence", state="ready")
        stage.centre.offer(ANNA)
        await console.until("offer")
        await console.press("Alt+a")
        await console.until("conversation", state="talking")
        yield AgentSeat(golden, console, led[0])
        assert console.failures == []
        await console.page.context.close()


@pytest.mark.parametrize("dialog", DIALOGS)
async def test_golden_dialogs_come_out_as_expected_before_an_agent(dialog: str, chromium: Browser) -> None:
    """An agent takes a contact and is led through it, once for each case."""
    for golden in cases_of(dialog, ScriptChannel.AGENT):
        async with at_the_desk(chromium, golden) as seat:
            assert told(golden, await lead(golden, seat)) == []


# -- On the web -----------------------------------------------------------------------------------------------


class ShiftedClock(SystemClock):
    """The server's clock, which can be put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead.total_seconds()

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


class WebSeat:
    """A visitor of the public pages."""

    def __init__(self, golden: Golden, visitor: Visitor, runs: PublicRuns) -> None:
        self._golden = golden
        self._visitor = visitor
        self._runs = runs
        self._asked = 0

    async def take(self, step: Step) -> None:
        run, page = self._run, self._visitor.page
        turn = engine.present(self._golden.dialog, run)
        match step:
            case Answer(text=text):
                await self._fill(turn, text)
            case Together(answers=answers):
                for inner in turn.questions:
                    if inner.item in answers:
                        await self._fill(inner, answers[inner.item])
            case Confirm() | Back():
                pass
            case _:
                raise AssertionError(f"a visitor cannot do this: {step}")
        await page.locator(f"button[value={'back' if isinstance(step, Back) else 'answer'}]").click()
        await until(lambda: self._run.turn > run.turn, "the run has taken the step")
        await until(lambda: self._run.phase is not Phase.WORKING, "services have answered")

    async def look(self) -> Look:
        run = self._run
        turn = engine.present(self._golden.dialog, run)
        main = await self._page_of(turn, self._visitor.page)
        effects = engine.resume(self._golden.dialog, run, run.at)
        return Look(
            run=run,
            effects=(*self._services(), *effects[:1]),
            said=[Segment(text=await main.inner_text())],
            now=run.at,
        )

    @property
    def _run(self) -> Run:
        return run_from_json(self._runs.store.runs[self._runs.newest].state)

    async def _fill(self, question: Turn, text: str) -> None:
        page = self._visitor.page
        fields = page.locator(f'[name="a.{question.item}"]')
        if question.read_only:
            return
        if question.type not in _TICKED:
            await fields.fill(text)
            return
        for value in chosen(question, text):
            if await page.locator(f'select[name="a.{question.item}"]').count():
                await fields.select_option(value)
            elif is_own_words(question, value):
                await fields.and_(page.locator(f'[value="{other_of(question)}"]')).check()
                await page.locator(f'[name="a.{question.item}.other"]').fill(value)
            else:
                await fields.and_(page.locator(f'[value="{value}"]')).check()

    async def _page_of(self, turn: Turn, page: Page) -> Locator:
        """Wait for the page of a turn, with all that it complains about; return what is on it."""
        shown = f"main:has(input[name=turn][value='{turn.number}'])"
        if turn.kind in {"end", "handover", "wait"}:
            shown = "main:not(:has(input[name=turn]))"
        main = page.locator(shown)
        await main.wait_for()
        for asked in (turn, *turn.questions):
            if asked.error:
                await main.get_by_text(asked.error).first.wait_for()
        return main

    def _services(self) -> list[CallService]:
        calls = self._runs.house.services.calls[self._asked :]
        self._asked += len(calls)
        return [CallService(key=key, service=name, params=to_values(p), wait=False) for name, p, key in calls]


@asynccontextmanager
async def public(chromium: Browser, golden: Golden) -> AsyncIterator[WebSeat]:
    """Put the golden dialogs on the web and begin one."""
    runs = PublicRuns(clock=ShiftedClock())
    for file in files():
        source = file.read_bytes()
        if ScriptChannel.WEB in load(source).channels:
            runs.publish(source)
    for service, stub in golden.case.stubs.items():
        runs.house.services.answers[service] = answer_of(stub)
    server = self_service_server(runs)
    await server.start()
    try:
        async with Street(url=server.url, runs=runs, chromium=chromium).visitor() as visitor:
            await visitor.start(golden.dialog.id)
            yield WebSeat(golden, visitor, runs)
    finally:
        await server.stop()


def answer_of(stub: Stub) -> ServiceReply:
    """Return a service that answers as told."""

    async def answer(params: Mapping[str, Any], key: str) -> Any:
        if stub.failure:
            raise ServiceFailed(stub.failure)
        return stub.result

    return answer


@pytest.mark.parametrize("dialog", DIALOGS)
async def test_golden_dialogs_come_out_as_expected_on_the_web(dialog: str, chromium: Browser) -> None:
    """A visitor is led through it, with the page's scripts, once for each case."""
    for golden in cases_of(dialog, ScriptChannel.WEB):
        async with public(chromium, golden) as seat:
            assert told(golden, await lead(golden, seat)) == []
