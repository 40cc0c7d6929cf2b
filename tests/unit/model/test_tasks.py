"""How a task may change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from caruso.errors import IllegalMove
from caruso.model.ids import AgentId, QueueId, UserId
from caruso.model.tasks import Eyes, Task, TaskId, TaskState, edited, finished

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ANNA = UserId("anna")
TASK = Task(
    id=TaskId("t1"),
    text="Send the form",
    due_at=NOW,
    agent=AgentId("anna"),
    created_at=NOW,
    created_by=ANNA,
    changed_at=NOW,
    changed_by=ANNA,
)


def finish(task: Task, *, done: bool = True, version: int | None = None) -> Task:
    return finished(task, done=done, version=version or task.version, by=UserId("ben"), now=NOW + timedelta(1))


def test_a_task_is_done_and_opened_again() -> None:
    done = finish(TASK)
    assert (done.state, done.version, done.changed_by, done.created_by) == (TaskState.DONE, 2, "ben", "anna")
    again = finish(done, done=False)
    assert (again.state, again.version) == (TaskState.OPEN, 3)
    for task, wanted, words in ((done, True, "done already"), (TASK, False, "open already")):
        with pytest.raises(IllegalMove, match=words):
            finish(task, done=wanted)


def test_who_saw_an_older_version_is_too_late() -> None:
    with pytest.raises(IllegalMove, match="meanwhile"):
        finish(finish(finish(TASK), done=False), version=1)


def test_only_an_open_task_is_reassigned() -> None:
    given = {"text": "Call", "due_at": NOW, "agent": None, "queue": QueueId("gas"), "by": ANNA, "now": NOW}
    moved = edited(TASK, version=1, **given)  # type: ignore[arg-type]
    assert (moved.agent, moved.queue, moved.text, moved.version) == (None, "gas", "Call", 2)
    with pytest.raises(IllegalMove, match="reopen"):
        edited(finish(TASK), version=2, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("eyes", "sees"),
    [
        (Eyes(agents=[AgentId("anna")], queues=[]), True),
        (Eyes(agents=[AgentId("ben")], queues=[QueueId("gas")]), False),
        (Eyes(agents=[AgentId("ben")], queues=[QueueId("gas")], made_by=ANNA), True),
        (Eyes(agents=None, queues=None), True),
    ],
)
def test_who_sees_a_task_of_an_agent(eyes: Eyes, sees: bool) -> None:
    assert eyes.see(TASK) is sees
    of_queue = replace(TASK, agent=None, queue=QueueId("gas"))
    assert eyes.see(of_queue) is (eyes.queues is None or "gas" in eyes.queues or eyes.made_by == ANNA)
