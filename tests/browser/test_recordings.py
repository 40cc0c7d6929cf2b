"""Recordings on the history page: heard by keyboard alone, held, deleted; what cannot be heard tells why."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Browser, expect

from caruso.model.facts import (
    AnyFact,
    RecordingAccessed,
    RecordingBegun,
    RecordingKept,
    RecordingOver,
    RecordingPaused,
    RecordingResumed,
)
from caruso.model.ids import AgentId, ContactId, QueueId, RecordingId
from caruso.model.recordings import AccessKind, PauseReason
from lab.tones import write_beeps
from tests.browser.accessibility import WCAG, violations
from tests.browser.conftest import Console, Stage, open_console

CONTACT = ContactId("past-2")
BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECONDS = 12.0
PLAYED, GONE, LIVE = RecordingId("a" * 32), RecordingId("b" * 32), RecordingId("c" * 32)


def kept(recording: RecordingId, part: int, size: int) -> list[AnyFact]:
    begun = RecordingBegun(
        at=BEGAN,
        contact=CONTACT,
        recording=recording,
        part=part,
        queue=QueueId("billing"),
        agent=AgentId("anna"),
    )
    end = BEGAN + timedelta(seconds=SECONDS)
    return [
        begun,
        RecordingPaused(
            at=BEGAN + timedelta(seconds=4), contact=CONTACT, recording=recording, reason=PauseReason.SENSITIVE
        ),
        RecordingResumed(at=BEGAN + timedelta(seconds=6), contact=CONTACT, recording=recording),
        RecordingOver(at=end, contact=CONTACT, recording=recording),
        RecordingKept(at=end, contact=CONTACT, recording=recording, seconds=SECONDS, size=size, sha256="ab"),
    ]


def recorded(stage: Stage, folder: Path) -> None:
    """Let a contact have three parts: one that can be heard, one that was deleted, one that goes on."""
    sound = write_beeps(folder / "sound.wav", hertz=500, seconds=SECONDS)
    recordings = stage.centre.recordings
    recordings.facts.extend(
        [
            *kept(PLAYED, 1, sound.stat().st_size),
            *kept(GONE, 2, 44),
            RecordingAccessed(
                at=BEGAN + timedelta(days=1),
                contact=CONTACT,
                recording=GONE,
                by="",
                what=AccessKind.DELETED,
                reason="retention",
            ),
            RecordingBegun(
                at=BEGAN,
                contact=CONTACT,
                recording=LIVE,
                part=3,
                queue=QueueId("billing"),
                agent=AgentId("anna"),
            ),
        ]
    )
    recordings.sounds.there[PLAYED] = sound


async def detail(console: Console, stage: Stage, user: str) -> None:
    """Open the contact in the history."""
    await console.sign_in(user, user)
    await console.page.goto(f"{stage.url}/history/{CONTACT}")
    await console.until("contact-detail")


async def test_a_recording_is_heard_held_and_deleted(chromium: Browser, stage: Stage, tmp_path: Path) -> None:
    """Play, pause and seek by keys; a legal hold keeps it from being deleted; who did what is shown."""
    recorded(stage, tmp_path)
    sam = await open_console(chromium, stage.url)
    await detail(sam, stage, "sam")
    parts = sam.page.get_by_test_id("recording")
    await expect(parts).to_have_count(3)
    await expect(parts.nth(1)).to_contain_text("its time to be kept is over")
    await expect(parts.nth(2)).to_contain_text("being recorded")
    first = parts.first
    await expect(first.get_by_test_id("waveform-channel")).to_have_count(2)
    await expect(first).to_contain_text("Caller")

    wave = first.get_by_test_id("waveform")
    await wave.focus()
    await sam.page.keyboard.press("ArrowRight")
    await expect(wave).to_have_attribute("aria-valuetext", re.compile(r"0:05 of 0:12, not recorded: a sensitive"))
    await sam.page.keyboard.press("Space")
    player = first.get_by_test_id("player")
    await expect(player).to_have_attribute("data-stage", "playing")
    await expect(wave).to_have_attribute("aria-valuenow", re.compile("^([6-9]|1[0-2])$"))
    await sam.page.keyboard.press("Space")
    await expect(player).to_have_attribute("data-stage", "paused")
    await sam.page.keyboard.press("Home")
    await expect(first.get_by_test_id("player-time")).to_contain_text("0:00 / 0:12")
    assert not await violations(sam.page, WCAG)

    await first.get_by_test_id("recording-hold").click()
    await sam.part("recording-reason").fill("complaint")
    await sam.page.keyboard.press("Tab")
    await sam.part("recording-confirm").click()
    await expect(first).to_have_attribute("data-held", "true")
    await expect(first.get_by_test_id("recording-delete")).to_be_disabled()
    await first.get_by_test_id("recording-hold").click()
    await expect(first).to_have_attribute("data-held", "false")
    await first.get_by_test_id("recording-delete").click()
    await sam.part("recording-reason").fill("asked for")
    await sam.part("recording-confirm").click()
    await expect(first).to_contain_text("It was deleted by sam. asked for")
    await first.get_by_test_id("recording-log").click()
    rows = sam.part("recording-accesses").locator("tbody tr")
    await expect(rows).to_have_count(4)
    await expect(rows.first).to_contain_text("sam")
    await expect(rows.first).to_contain_text("listened")


async def test_an_agent_hears_her_own_and_manages_nothing(chromium: Browser, stage: Stage, tmp_path: Path) -> None:
    """The player is there, and no download, hold or deletion; a sound that is gone tells so."""
    recorded(stage, tmp_path)
    anna = await open_console(chromium, stage.url)
    await detail(anna, stage, "anna")
    first = anna.page.get_by_test_id("recording").first
    await expect(first.get_by_test_id("player")).to_be_visible()
    await expect(anna.page.get_by_test_id("recording-download")).to_have_count(0)
    await expect(anna.page.get_by_test_id("recording-hold")).to_have_count(0)
    stage.centre.recordings.sounds.there.clear()
    await first.get_by_test_id("player-toggle").click()
    await expect(first.get_by_test_id("player-problem")).to_be_visible()
