"""The measuring instrument: SIP callers and agents' phones in one process, on one clock.

    caller --INVITE--> Asterisk --INVITE--> phone      both ends know the call by the caller's number in From
       |                                      |
       '------- talk, then one of them -------'        who hangs up, and when, is part of the call's plan

Requests and final responses are repeated as RFC 3261 says, so a lost datagram is a late call, not a lost one.
Knows nothing of what is between caller and phone.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.bench.sip import Message, parse, request, response, session
from lab.bench.wire import Sink, Wire, now_ns
from lab.ports import LOOPBACK

T1_SECONDS = 0.5
T2_SECONDS = 4.0
#: Nothing is repeated for longer than this (64 x T1).
GIVE_UP_SECONDS = 32.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to happen in a call."""

    number: str
    dialled: str
    ring_seconds: float
    talk_seconds: float
    agent_hangs_up: bool


@dataclass(slots=True, kw_only=True)
class Record:
    """What happened in a call. Times are nanoseconds of `now_ns`; 0: did not happen."""

    plan: Plan
    invited_ns: int = 0
    #: The first phone was called.
    offered_ns: int = 0
    talking_ns: int = 0
    ended_ns: int = 0
    offers: int = 0
    #: Why it is lost; empty for a call that went as planned.
    lost: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more happens on the caller's side."""
        return self.ended_ns != 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """An agent became free while calls were waiting, and was called."""

    free_ns: int
    offered_ns: int
    waiting: int


@dataclass(slots=True)
class Tally:
    """What a load did."""

    records: dict[str, Record] = field(default_factory=dict)
    dispatches: list[Dispatch] = field(default_factory=list)
    repeated: int = 0
    strays: int = 0


class Exchange:
    """All callers and all phones; `one_port`: they offer to take RTCP where they take RTP."""

    def __init__(self, *, one_port: bool = False) -> None:
        """Open the sockets, in the running loop."""
        self.tally = Tally()
        self.waiting = 0
        self.on_over: Callable[[Record], None] = lambda _: None
        self.loop = asyncio.get_running_loop()
        self.audio = Sink()
        self.session = session(self.audio.port, one_port=one_port)
        self.callers = Wire(self._to_callers)
        self.phones = Wire(self._to_phones)
        # A branch that another process used before would be answered from Asterisk's memory.
        self._mark = f"{os.getpid():x}{secrets.token_hex(3)}"
        self._numbers = itertools.count(1)
        self._caller_legs: dict[str, _Caller] = {}
        self._phone_legs: dict[str, _Phone] = {}
        self._callers_by_number: dict[str, _Caller] = {}
        self._free_since: dict[str, tuple[int, int]] = {}
        self.target = (LOOPBACK, 0)

    def close(self) -> None:
        """Close the sockets."""
        for leg in (*self._caller_legs.values(), *self._phone_legs.values()):
            leg.quiet()
        self.callers.close()
        self.phones.close()
        self.audio.close()

    def call(self, plan: Plan) -> Record:
        """Call now."""
        record = self.tally.records[plan.number] = Record(plan=plan)
        caller = _Caller(self, record)
        self._caller_legs[caller.call_id] = self._callers_by_number[plan.number] = caller
        self.waiting += 1
        caller.invite()
        return record

    @property
    def open_legs(self) -> int:
        """Legs that have not ended."""
        legs: list[_Leg] = [*self._caller_legs.values(), *self._phone_legs.values()]
        return sum(1 for leg in legs if not leg.over)

    def forget(self) -> Tally:
        """Begin anew; return what there was."""
        tally, self.tally = self.tally, Tally()
        self._free_since.clear()
        return tally

    # -- What legs ask ----------------------------------------------------------------------------------------

    def name(self) -> str:
        """Return a name nobody else uses."""
        return f"{self._mark}{next(self._numbers):x}"

    def offered(self, agent: str, number: str, at: int) -> Record | None:
        """Take note that a phone is called."""
        free = self._free_since.pop(agent, None)
        if free is not None and free[1] > 0:
            self.tally.dispatches.append(Dispatch(free_ns=free[0], offered_ns=at, waiting=free[1]))
        record = self.tally.records.get(number)
        if record is None:
            self.tally.strays += 1
            return None
        record.offers += 1
        if not record.offered_ns:
            record.offered_ns = at
            if not record.over:
                self.waiting -= 1
        return record

    def freed(self, agent: str, at: int) -> None:
        """Take note that an agent's call is over."""
        self._free_since[agent] = (at, self.waiting)

    def caller_of(self, number: str) -> _Caller | None:
        """Return the caller's end of a call."""
        return self._callers_by_number.get(number)

    def ended(self, record: Record) -> None:
        """Take note that the caller's end is over."""
        if record.over:
            return
        record.ended_ns = now_ns()
        if not record.offered_ns:
            self.waiting -= 1
        self.on_over(record)

    # -- What comes in ----------------------------------------------------------------------------------------

    def _to_callers(self, data: bytes, at: int, sender: tuple[str, int]) -> None:
        message = parse(data)
        if message is None:
            return
        leg = self._caller_legs.get(message.call_id)
        if leg is not None:
            leg.take(message, at, sender)
        elif not message.status:
            self._answer_stranger(self.callers, message, sender)

    def _to_phones(self, data: bytes, at: int, sender: tuple[str, int]) -> None:
        message = parse(data)
        if message is None:
            return
        leg = self._phone_legs.get(message.call_id)
        if leg is None and message.method == "INVITE" and not message.status:
            leg = self._phone_legs[message.call_id] = _Phone(self, message, at, sender)
        if leg is not None:
            leg.take(message, at, sender)
        elif not message.status:
            self._answer_stranger(self.phones, message, sender)

    def _answer_stranger(self, wire: Wire, message: Message, sender: tuple[str, int]) -> None:
        if message.method == "ACK":
            return
        status, reason = (200, "OK") if message.method == "OPTIONS" else (481, "No Such Call")
        contact = f"sip:bench@{LOOPBACK}:{wire.port}"
        wire.send(response(message, status, reason, tag="bench", contact=contact), sender)


class _Repeat:
    """Sends a datagram again and again, at growing intervals, until it is answered."""

    def __init__(self, leg: _Leg, data: bytes, *, most_seconds: float, gave_up: Callable[[], None]) -> None:
        self._leg, self._data, self._most, self._gave_up = leg, data, most_seconds, gave_up
        self._interval = T1_SECONDS
        self._spent = 0.0
        leg.transmit(data)
        self._timer = leg.house.loop.call_later(T1_SECONDS, self._again)

    def stop(self) -> None:
        self._timer.cancel()

    def _again(self) -> None:
        self._spent += self._interval
        if self._spent >= GIVE_UP_SECONDS:
            self._gave_up()
            return
        self._leg.house.tally.repeated += 1
        self._leg.transmit(self._data)
        self._interval = min(self._interval * 2, self._most)
        self._timer = self._leg.house.loop.call_later(self._interval, self._again)


class _Leg:
    """What both ends of a call have in common: a dialog with Asterisk."""

    def __init__(self, house: Exchange, wire: Wire, call_id: str, user: str, peer: tuple[str, int]) -> None:
        self.house, self.wire, self.call_id, self.peer = house, wire, call_id, peer
        self.tag = house.name()
        self.contact = f"sip:{user}@{LOOPBACK}:{wire.port}"
        self.us = self.them = self.remote = ""
        self.over = False
        self._number = 1
        self._repeat: _Repeat | None = None
        self._talk: asyncio.TimerHandle | None = None
        self._last_response = b""
        self._last_branch = ""

    def transmit(self, data: bytes) -> None:
        self.wire.send(data, self.peer)

    def take(self, message: Message, at: int, sender: tuple[str, int]) -> None:
        self.peer = sender
        if message.status:
            self.responded(message, at)
        elif message.method == "ACK":
            self.stop_repeating()
            self.acknowledged()
        elif message.branch == self._last_branch and self._last_response and message.method != "CANCEL":
            self.transmit(self._last_response)
        else:
            self._last_branch = message.branch
            self.requested(message, at)

    def responded(self, message: Message, at: int) -> None:
        raise NotImplementedError

    def requested(self, message: Message, at: int) -> None:
        if message.method == "BYE":
            self.reply(message, 200, "OK")
            self.end(at)
        elif message.method == "INVITE":  # within the dialog
            self.reply(message, 200, "OK", body=self.house.session)
        else:
            self.reply(message, 200, "OK")

    def acknowledged(self) -> None:
        """Asterisk has our 200."""

    def reply(self, message: Message, status: int, reason: str, *, body: str = "") -> bytes:
        data = response(message, status, reason, tag=self.tag, contact=self.contact, body=body)
        self._last_response = data
        self.transmit(data)
        return data

    def request(self, method: str, number: int, *, branch: str = "", body: str = "") -> bytes:
        via = f"SIP/2.0/UDP {LOOPBACK}:{self.wire.port};rport;branch={branch or 'z9hG4bK' + self.house.name()}"
        return request(
            method, self.remote, via=via, from_=self.us, to=self.them, call_id=self.call_id, number=number,
            contact=self.contact, body=body,
        )  # fmt: skip

    def repeat(self, data: bytes, *, most_seconds: float) -> None:
        self.stop_repeating()
        self._repeat = _Repeat(self, data, most_seconds=most_seconds, gave_up=self.gave_up)

    def stop_repeating(self) -> None:
        if self._repeat is not None:
            self._repeat.stop()
            self._repeat = None

    def gave_up(self) -> None:
        self.end(now_ns())

    def hang_up_after(self, seconds: float) -> None:
        self._talk = self.house.loop.call_later(seconds, self.hang_up)

    def hang_up(self) -> None:
        self._number += 1
        self.repeat(self.request("BYE", self._number), most_seconds=T2_SECONDS)

    def quiet(self) -> None:
        self.stop_repeating()
        if self._talk is not None:
            self._talk.cancel()

    def end(self, at: int) -> None:
        self.over = True
        self.quiet()


class _Caller(_Leg):
    """A caller: calls, talks, and hangs up or is hung up on."""

    def __init__(self, house: Exchange, record: Record) -> None:
        super().__init__(house, house.callers, f"{house.name()}@bench", record.plan.number, house.target)
        self.record = record
        host = f"{LOOPBACK}:{house.target[1]}"
        self.remote = self._asked = f"sip:{record.plan.dialled}@{host}"
        self.us = f"<sip:{record.plan.number}@{LOOPBACK}>;tag={self.tag}"
        self.them = f"<{self.remote}>"
        self._branch = f"z9hG4bK{house.name()}"
        self.answered = False
        self._hanging_up = False

    def invite(self) -> None:
        data = self.request("INVITE", 1, branch=self._branch, body=self.house.session)
        self.record.invited_ns = now_ns()
        self.repeat(data, most_seconds=GIVE_UP_SECONDS)

    def responded(self, message: Message, at: int) -> None:
        if message.method == "BYE":
            if message.status >= 200:
                self.end(at)
        elif message.method != "INVITE" or message.status < 200:
            if not self._hanging_up:
                self.stop_repeating()
        elif message.status < 300:
            self._answered(message)
        else:
            self._refused(message, at)

    def _answered(self, message: Message) -> None:
        self.remote = message.target or self._asked
        self.them = message.headers.get("to", self.them)
        if not self._hanging_up:
            self.stop_repeating()
        self.transmit(self.request("ACK", 1))
        if not self.answered:
            self.answered = True
            self.talk_if_both_are_there()

    def _refused(self, message: Message, at: int) -> None:
        self.them = message.headers.get("to", self.them)
        self.remote = self._asked
        self.transmit(self.request("ACK", 1, branch=self._branch))
        self.lose(f"refused {message.status}")
        self.end(at)

    #: The phone that took the call.
    phone: _Phone | None = None

    def talk_if_both_are_there(self) -> None:
        """Begin to talk: the one whose turn it is will hang up."""
        phone = self.phone
        if not self.answered or phone is None or not phone.up or self.record.talking_ns:
            return
        self.record.talking_ns = now_ns()
        plan = self.record.plan
        (phone if plan.agent_hangs_up else self).hang_up_after(plan.talk_seconds)

    def hang_up(self) -> None:
        self._hanging_up = True
        super().hang_up()

    def requested(self, message: Message, at: int) -> None:
        if message.method == "BYE" and not self._expected_end():
            self.lose("cut off")
        super().requested(message, at)

    def _expected_end(self) -> bool:
        return self._hanging_up or (self.phone is not None and self.phone.hung_up)

    def gave_up(self) -> None:
        self.lose("no answer to INVITE" if not self.answered else "no answer to BYE")
        super().gave_up()

    def lose(self, why: str) -> None:
        self.record.lost = self.record.lost or why

    def end(self, at: int) -> None:
        super().end(at)
        self.house.ended(self.record)


class _Phone(_Leg):
    """An agent's phone that is being called."""

    def __init__(self, house: Exchange, invite: Message, at: int, sender: tuple[str, int]) -> None:
        self.agent = invite.called
        super().__init__(house, house.phones, invite.call_id, self.agent, sender)
        self._invite = invite
        self.remote = invite.target
        self.us = f"{invite.headers.get('to', '')};tag={self.tag}"
        self.them = invite.headers.get("from", "")
        self.up = self.hung_up = False
        self._record = house.offered(self.agent, invite.caller, at)
        self._ringing: asyncio.TimerHandle | None = None

    def requested(self, message: Message, at: int) -> None:
        if message.method == "INVITE" and not self.up and self._ringing is None:
            self.reply(message, 180, "Ringing")
            seconds = self._record.plan.ring_seconds if self._record else 0.0
            self._ringing = self.house.loop.call_later(seconds, self._answer)
        elif message.method == "CANCEL":
            self.reply(message, 200, "OK")
            if not self.up:
                self.reply(self._invite, 487, "Request Terminated")
                self.end(at)
        else:
            if message.method == "BYE" and not self.over:
                self._cut_off()
            super().requested(message, at)

    def _cut_off(self) -> None:
        caller = self._caller()
        if caller is not None and not self.hung_up and not caller._expected_end():  # noqa: SLF001 -- same instrument
            caller.lose("cut off")

    def _answer(self) -> None:
        if self.over:
            return
        self.up = True
        data = response(self._invite, 200, "OK", tag=self.tag, contact=self.contact, body=self.house.session)
        self._last_response = data
        self.repeat(data, most_seconds=T2_SECONDS)
        caller = self._caller()
        if caller is not None:
            caller.phone = self
            caller.talk_if_both_are_there()

    def _caller(self) -> _Caller | None:
        return self.house.caller_of(self._record.plan.number) if self._record else None

    def hang_up(self) -> None:
        if self.over:
            return
        self.hung_up = True
        super().hang_up()
        self.house.freed(self.agent, now_ns())

    def responded(self, message: Message, at: int) -> None:
        if message.method == "BYE" and message.status >= 200:
            self.end(at)

    def end(self, at: int) -> None:
        if not self.over and not self.hung_up:
            self.house.freed(self.agent, at)
        super().end(at)
        if self._ringing is not None:
            self._ringing.cancel()
