"""The golden dialogs on the web, in a real browser: public pages before durable runs, their database in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page

from caruso.clock import SystemClock
from caruso.script_engine import engine
from caruso.script_engine.loader import load
from caruso.script_engine.runs import Phase, Run, run_from_json
from caruso.script_engine.tools.setting import Stub
from caruso.script_engine.tools.steps import Answer, Back, Confirm, Step, Together
from caruso.script_engine.turns import CallService, ScriptChannel, Segment, Turn
from caruso.script_engine.values import to_values
from lab.fake_runs import Answer as ServiceReply
from lab.golden import Golden, Look, ServiceFailed, files, golden_cases, lead
from lab.golden_server import until
from lab.self_service import PublicRuns, self_service_server
from tests.browser.golden_answers import TICKED, chosen, is_own_words, other_of, told
from tests.browser.public_pages import Street, Visitor


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
        if question.type not in TICKED:
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


#: One browser serves all cases of a dialog.
CASES = {name: list(cases) for name, cases in groupby(golden_cases(ScriptChannel.WEB), lambda g: g.dialog.id)}


@pytest.mark.parametrize("dialog", CASES)
async def test_golden_dialogs_come_out_as_expected_on_the_web(dialog: str, chromium: Browser) -> None:
    """A visitor is led through it, with the page's scripts, once for each case."""
    for golden in CASES[dialog]:
        async with public(chromium, golden) as seat:
            assert told(golden, await lead(golden, seat)) == []
