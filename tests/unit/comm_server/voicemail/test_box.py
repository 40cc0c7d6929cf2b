"""Who may do what with a message: any two who claim it, in any order, and the facts that follow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.voicemail import box
from caruso.comm_server.voicemail.box import Who
from caruso.errors import IllegalMove, NotFound
from caruso.model.facts import (
    AnyFact,
    ContactEnded,
    VoicemailBegun,
    VoicemailDone,
    VoicemailListened,
    VoicemailReceived,
    VoicemailTaken,
)
from caruso.model.ids import AgentId, ContactId, FileId, QueueId, SkillId, UserId
from caruso.model.voicemails import Voicemail, VoicemailState, told

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
NOW = AT + timedelta(seconds=90)
GAS, WATER = QueueId("gas"), QueueId("water")
MESSAGE = ContactId("voicemail-1.1")


def agent(name: str, *queues: QueueId, **skills: int) -> Who:
    levels = {SkillId(skill): level for skill, level in skills.items()}
    return Who(user=UserId(name), agent=AgentId(name), queues=queues or (GAS,), skills=levels)


ANNA, BEN = agent("anna"), agent("ben")
SUE = Who(user=UserId("sue"), supervises=True, scope=frozenset({GAS}))


def message(**change: Any) -> Voicemail:
    known: Voicemail | None = None
    begun = {"owner": change.pop("owner", None), "skills": change.pop("skills", {}), **change}
    for fact in (
        VoicemailBegun(
            at=AT,
            contact=MESSAGE,
            origin=ContactId("1.1"),
            queue=GAS,
            number=begun.pop("number", "+4930"),
            name="",
            language="en",
            take=1,
            **begun,
        ),
        VoicemailReceived(at=AT, contact=MESSAGE, queue=GAS, seconds=5.0, file=FileId("f")),
    ):
        known = told(known, fact)
    assert known is not None
    return known


def after(known: Voicemail, facts: tuple[AnyFact, ...]) -> Voicemail:
    for fact in facts:
        known = told(known, fact) or known
    return known


def taken(known: Voicemail, who: Who = ANNA) -> Voicemail:
    return after(known, box.take(known, who, known.version, NOW))


def test_of_two_who_claim_a_message_the_second_is_told_so() -> None:
    known = message()
    mine = taken(known)
    assert (mine.state, mine.agent, mine.taken_at) == (VoicemailState.TAKEN, "anna", NOW)
    with pytest.raises(IllegalMove, match="taken this message already"):
        box.take(mine, BEN, known.version, NOW)


def test_who_saw_an_older_version_is_refused_though_it_waits_again() -> None:
    known = message()
    back = after(taken(known), box.give_back(taken(known), ANNA, known.version + 1, NOW))
    assert back.state is VoicemailState.OPEN
    with pytest.raises(IllegalMove, match="look at it again"):
        box.take(back, BEN, known.version, NOW)


def test_listening_takes_nothing_from_a_claim() -> None:
    known = message()
    heard = after(known, box.listen(known, BEN, NOW))
    assert (heard.listened_at, heard.version) == (NOW, known.version)
    again = box.listen(heard, ANNA, NOW)
    assert isinstance(again[0], VoicemailListened)
    assert not again[0].first
    assert taken(heard).agent == "anna"


def test_a_message_for_one_agent_is_there_for_her_and_for_supervisors_only() -> None:
    known = message(owner=AgentId("anna"))
    assert box.may_see(known, ANNA)
    assert not box.may_see(known, BEN)
    assert box.may_see(known, SUE)
    with pytest.raises(NotFound):
        box.find(known, BEN)


def test_other_queues_and_other_supervisors_do_not_see_it() -> None:
    elsewhere = Who(user=UserId("otto"), supervises=True, scope=frozenset({WATER}))
    assert not box.may_see(message(), agent("cara", WATER))
    assert not box.may_see(message(), elsewhere)
    assert box.may_see(message(), Who(user=UserId("alex"), supervises=True, scope=None))


def test_it_is_taken_by_who_has_the_skills() -> None:
    known = message(skills={SkillId("german"): 5})
    with pytest.raises(IllegalMove, match="skills"):
        box.take(known, agent("ben", GAS, german=4), known.version, NOW)
    assert taken(known, agent("ben", GAS, german=5)).agent == "ben"


def test_only_who_has_it_calls_gives_back_and_is_done() -> None:
    mine = taken(message())
    for act in (
        lambda: box.call(mine, BEN, mine.version, ""),
        lambda: box.give_back(mine, BEN, mine.version, NOW),
        lambda: box.done(mine, BEN, mine.version, disposition="", note="", now=NOW),
        lambda: box.give(mine, BEN, mine.version, WATER, None, NOW),
    ):
        with pytest.raises(IllegalMove, match="Another agent"):
            act()
    assert box.call(mine, ANNA, mine.version, "") == ("anna", "+4930")


def test_a_hidden_number_cannot_be_called_but_another_can() -> None:
    mine = taken(message(number=""))
    with pytest.raises(IllegalMove, match="hid his number"):
        box.call(mine, ANNA, mine.version, "")
    assert box.call(mine, ANNA, mine.version, "+4931") == ("anna", "+4931")


def test_what_nobody_has_taken_is_done_by_supervisors_only() -> None:
    known = message()
    with pytest.raises(IllegalMove, match="Take the message first"):
        box.done(known, ANNA, known.version, disposition="", note="", now=NOW)
    facts = box.done(known, SUE, known.version, disposition="", note="", now=NOW)
    assert [type(fact) for fact in facts] == [VoicemailDone, ContactEnded]


def test_given_to_another_queue_it_waits_there_with_its_age() -> None:
    mine = taken(message())
    given_away = after(mine, box.give(mine, ANNA, mine.version, WATER, None, NOW))
    assert (given_away.state, given_away.queue, given_away.received_at) == (VoicemailState.OPEN, WATER, AT)
    with pytest.raises(IllegalMove, match="there already"):
        box.give(
            given_away, Who(user=UserId("a"), supervises=True, scope=None), given_away.version, WATER, None, NOW
        )


def test_an_agent_who_reached_the_caller_has_replied_once() -> None:
    mine = taken(message())
    mine = after(mine, box.called(mine, AgentId("anna"), ContactId("out-1"), NOW))
    mine = after(mine, box.replied(mine, AgentId("anna"), NOW))
    assert (mine.call, mine.replied_at) == ("out-1", NOW)
    later = NOW + timedelta(minutes=1)
    assert after(mine, box.replied(mine, AgentId("anna"), later)).replied_at == NOW


_ACTS = st.lists(
    st.tuples(st.sampled_from(["take", "back", "done", "give"]), st.sampled_from([ANNA, BEN, SUE])), max_size=30
)


@given(_ACTS)
def test_whatever_people_do_one_has_it_or_it_waits_or_it_is_over(acts: list[tuple[str, Who]]) -> None:
    """A claim is refused while another holds; the agent in the facts is who took it last; the end is the end."""
    known = message()
    holder: str | None = None
    for act, who in acts:
        over = known.state is VoicemailState.DONE
        try:
            match act:
                case "take":
                    facts = box.take(known, who, known.version, NOW)
                    assert holder is None
                case "back":
                    facts = box.give_back(known, who, known.version, NOW)
                    assert holder == who.agent or who.supervises
                case "done":
                    facts = box.done(known, who, known.version, disposition="", note="", now=NOW)
                    assert holder == who.agent or who.supervises
                case _:
                    facts = box.give(known, who, known.version, GAS, AgentId("ben"), NOW)
        except IllegalMove:
            continue
        assert not over
        known = after(known, facts)
        holder = next((fact.agent for fact in facts if isinstance(fact, VoicemailTaken)), None)
        assert (known.state is VoicemailState.TAKEN) == (holder is not None)
        assert holder is None or known.agent == holder
