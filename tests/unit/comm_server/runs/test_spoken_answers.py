"""What a caller said is kept with the run, once, and does not stay in the telephone system."""

from __future__ import annotations

import pytest

from caruso.clock import SystemClock
from caruso.comm_server.runs.spoken_answers import SpokenAnswers
from caruso.errors import LinkDown, NotFound
from caruso.model import ids
from caruso.model.ids import ContactId, RecordingId, RunId
from lab.fake_runs import MemoryFiles
from lab.memory_runs import MemoryRuns

RUN = RunId("run1")
RECORDING = ids.answer_recording(ContactId("17.1"), 4)


class Pbx:
    """`Recordings` of a telephone system that closes a file a moment late, and may be away."""

    def __init__(self, stored: dict[RecordingId, bytes]) -> None:
        self.stored = stored
        self.live = 1
        self.away = False

    async def is_live(self, recording: RecordingId) -> bool:
        self.live -= 1
        return self.live >= 0

    async def read(self, recording: RecordingId) -> bytes | None:
        return self.stored.get(recording)

    async def drop(self, recording: RecordingId) -> None:
        if self.away:
            raise LinkDown("the PBX")
        self.stored.pop(recording, None)


class House:
    def __init__(self) -> None:
        self.pbx = Pbx({RECORDING: b"RIFF said"})
        self.store = MemoryRuns()
        self.files = MemoryFiles(self.store, SystemClock())
        self.answers = SpokenAnswers(recordings=self.pbx, files=self.files, store=self.store)


async def test_what_was_said_is_the_file_that_the_answer_names_and_leaves_the_pbx() -> None:
    house = House()
    await house.answers.keep(RUN, "fault", RECORDING)
    file, content = await house.files.content(ids.answer_file(RECORDING))
    assert (file.run, file.item, file.name, file.media_type) == (RUN, "fault", "answer4.wav", "audio/wav")
    assert content == b"RIFF said"
    assert house.pbx.stored == {}


async def test_after_a_crash_in_the_middle_it_is_kept_once() -> None:
    house = House()
    house.pbx.away = True
    with pytest.raises(LinkDown):
        await house.answers.keep(RUN, "fault", RECORDING)
    house.pbx.away = False
    await house.answers.keep(RUN, "fault", RECORDING)
    await house.answers.keep(RUN, "fault", RECORDING)
    assert len(await house.store.files(RUN)) == 1
    assert house.pbx.stored == {}


async def test_what_is_not_there_is_not_found() -> None:
    house = House()
    house.pbx.stored.clear()
    with pytest.raises(NotFound):
        await house.answers.keep(RUN, "fault", RECORDING)
