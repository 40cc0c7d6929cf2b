"""Carries out what agents ask for at the desk: checks what only the centre knows, and hands on the rest.

Whether a thing is possible now is decided where it happens (presence, the call, the dialog).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from caruso.comm_server.agents import presence
from caruso.comm_server.agents.desks import Desks
from caruso.comm_server.agents.dialog_views import may_see
from caruso.comm_server.agents.presence import GoNotReady, SignOut, WrapUpOver
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import Declined, DigitsAsked, HoldAsked, HungUpByAgent, MuteAsked
from caruso.comm_server.conversations import Conversation, Conversations
from caruso.comm_server.desk_transfers import DeskTransfers
from caruso.comm_server.recording.office import Asked
from caruso.comm_server.run_moves import RunMoves
from caruso.comm_server.stations.on_duty import OnDuty
from caruso.comm_server.voicemail.offers import MessageOffers
from caruso.errors import IllegalMove, NotFound
from caruso.model import desk, ids
from caruso.model.centre import Centre, StationKind
from caruso.model.desk import AnyDeskCommand
from caruso.model.facts import Presence
from caruso.model.ids import AgentId, ContactId, RunId
from caruso.model.run_records import StoredFile
from caruso.script_engine.nodes import Question
from caruso.script_engine.turns import (
    STORED,
    Answered,
    AnsweredTogether,
    Confirmed,
    Corrected,
    Happened,
    Input,
    Undo,
    WentBack,
)


class DeskCommands:
    """All commands an agent has."""

    def __init__(
        self,
        *,
        centre: Callable[[], Centre],
        roster: Roster,
        exchange: Exchange,
        desks: Desks,
        on_duty: OnDuty,
        conversations: Conversations,
        moves: RunMoves,
        transfers: DeskTransfers,
        seen: Callable[[AgentId, str], None],
        record: Callable[[AgentId, ContactId, Asked], None],
        messages: MessageOffers,
    ) -> None:
        """Work with these parts of the centre."""
        self._centre = centre
        self._roster = roster
        self._exchange = exchange
        self._desks = desks
        self._on_duty = on_duty
        self._conversations = conversations
        self._moves = moves
        self._transfers = transfers
        self._seen = seen
        self._record = record
        self._messages = messages

    def carry_out(self, agent: AgentId, command: AnyDeskCommand) -> None:
        """Carry out what an agent asks for.

        Raises:
            IllegalMove: not possible now; the message is for the agent.
            NotFound: what it is about is over.
        """
        match command:
            case desk.GoReady():
                self._on_duty.go_ready(agent)
            case desk.GoNotReady(reason=reason):
                reasons, states = self._centre().not_ready_reasons, self._roster.states.values()
                presence.check_reason(reason, agent, reasons, states)
                self._roster.apply(agent, GoNotReady(reason))
            case desk.SignOut():
                self._roster.apply(agent, SignOut())
            case desk.ChooseStation():
                self._choose_station(agent, command)
            case desk.OpenLine():
                self._on_duty.open_line(agent)
            case desk.Accept(contact=contact) if ids.is_voicemail(ContactId(contact)):
                self._messages.accept(agent, ContactId(contact))
            case desk.Accept(contact=contact):
                self._expect_offer(agent, ContactId(contact))
            case desk.Decline(contact=contact):
                self.decline(agent, ContactId(contact))
            case desk.HangUpCall(contact=contact):
                self._exchange.post(ContactId(contact), HungUpByAgent(agent=agent))
            case desk.Hold(contact=contact, on=on):
                self._exchange.post(ContactId(contact), HoldAsked(agent=agent, on=on))
            case desk.MuteMe(contact=contact, on=on):
                self._exchange.post(ContactId(contact), MuteAsked(agent=agent, on=on))
            case desk.PressDigits(contact=contact, digits=digits):
                _check_digits(digits)
                self._exchange.post(ContactId(contact), DigitsAsked(agent=agent, digits=digits))
            case (
                desk.CallOut()
                | desk.Transfer()
                | desk.Consult()
                | desk.Toggle()
                | desk.Conference()
                | desk.CompleteTransfer()
                | desk.DropParty()
            ):
                self._transfers.carry_out(agent, command)
            case desk.AnswerItem(run=run, turn=turn, text=text):
                files = self._desks.files(agent, run)
                self._give(agent, run, Answered(turn=turn, text=text, by=agent, files=files))
            case desk.AnswerTogether(run=run, turn=turn, answers=answers):
                files = self._desks.files(agent, run)
                self._give(agent, run, AnsweredTogether(turn=turn, answers=answers, by=agent, files=files))
            case desk.SeeMessage(message=message):
                self._seen(agent, message)
            case desk.RecordCall(contact=contact, on=on):
                self._record(agent, ContactId(contact), Asked.START if on else Asked.STOP)
            case desk.PauseRecording(contact=contact, on=on):
                self._record(agent, ContactId(contact), Asked.PAUSE if on else Asked.RESUME)
            case desk.KeepDraft():
                self._desks.keep_draft(agent, command)
            case desk.TimeUp(run=run, turn=turn):
                self._give(agent, run, Happened(event="time-up", turn=turn))
            case desk.UndoAction(run=run, key=key, wanted=wanted):
                self._give(agent, run, Undo(key=key, wanted=wanted, by=agent))
            case desk.ConfirmItem(run=run, turn=turn):
                self._give(agent, run, Confirmed(turn=turn, by=agent))
            case desk.StepBack(run=run, turn=turn):
                self._give(agent, run, WentBack(turn=turn, by=agent))
            case desk.CorrectItem(run=run, item=item, text=text):
                files = self._desks.files(agent, run)
                self._give(agent, run, Corrected(item=item, text=text, by=agent, files=files))
            case desk.ShareDialog(run=run, to=to):
                self._moves.share(agent, self._led(agent, run).contact, to)
            case desk.TakeDialogBack(run=run):
                self._moves.take_back(agent, self._led(agent, run).contact)
            case desk.SaveNote(contact=contact, text=text):
                self._roster.write(agent, ContactId(contact), note=text)
            case desk.ChooseDisposition(contact=contact, disposition=disposition):
                self._check_disposition(agent, disposition)
                self._roster.choose(agent, ContactId(contact), disposition)
            case desk.ExtendWrapUp(contact=contact):
                self._roster.extend(agent, ContactId(contact))
            case desk.FinishContact():
                self._finish(agent, command)
            case _:
                assert_never(command)

    def decline(self, agent: AgentId, contact: ContactId) -> None:
        """Let another agent take what this one is offered.

        Raises:
            IllegalMove: she is not offered it.
            NotFound: the call is over.
        """
        if ids.is_voicemail(contact):
            self._messages.decline(agent, contact)
        else:
            self._exchange.post(contact, Declined(agent=agent))

    def _choose_station(self, agent: AgentId, command: desk.ChooseStation) -> None:
        if command.kind not in set(StationKind):
            raise IllegalMove("There is no such kind of phone.")
        self._on_duty.choose(agent, StationKind(command.kind), command.number, nailed_up=command.nailed_up)

    def _expect_offer(self, agent: AgentId, contact: ContactId) -> None:
        """An offer is taken by answering the phone; this only tells whether there still is one."""
        call = self._exchange.call(contact)
        if call is None or not call.agent_here(agent):
            raise IllegalMove("The offer is over.")

    def file_wanted(self, agent: AgentId, run: str, item: str) -> str:
        """Return the type of a question that a file may answer; raise `IllegalMove` when it is none."""
        question = self._led(agent, run).dialog.items.get(item.partition("#")[0])
        if not isinstance(question, Question) or question.type not in STORED:
            raise IllegalMove("No file answers this.")
        return question.type.value

    def see_file(self, agent: AgentId, run: str, file: StoredFile) -> None:
        """Raise `IllegalMove` or `NotFound` where the agent may not see a file of the dialog at her desk."""
        conversation = self._led(agent, run)
        if file.run != conversation.run.id or not may_see(conversation.dialog, conversation.run, file, agent):
            raise NotFound("There is no such file.")

    def _give(self, agent: AgentId, run: str, given: Input) -> None:
        self._conversations.give(self._led(agent, run).contact, given)

    def _led(self, agent: AgentId, run: str) -> Conversation:
        """Return the conversation the agent leads, or looks on at: on the desk, or of a call-back."""
        conversation = self._conversations.of_run(RunId(run))
        if conversation is None or not self._at_desk(agent, conversation.contact):
            raise IllegalMove("This dialog is not at your desk any more.")
        if conversation.by != agent and not conversation.elsewhere:
            raise IllegalMove("This dialog is not at your desk any more.")
        return conversation

    def _at_desk(self, agent: AgentId, contact: ContactId) -> bool:
        return self._desks.has(agent, contact) or self._moves.aside(agent) == contact

    def _finish(self, agent: AgentId, command: desk.FinishContact) -> None:
        if self._roster.state(agent).presence is not Presence.WRAP_UP:
            raise IllegalMove("There is nothing to finish: you are not in wrap-up.")
        self._check_disposition(agent, command.disposition)
        self._roster.write(agent, ContactId(command.contact), note=command.note, disposition=command.disposition)
        self._roster.apply(agent, WrapUpOver())

    def _check_disposition(self, agent: AgentId, disposition: str) -> None:
        sheet = self._roster.worksheet(agent)
        queue = self._centre().queues.get(sheet.queue) if sheet else None
        known = {each.id for each in queue.dispositions} if queue else set()
        if disposition and disposition not in known:
            raise IllegalMove("There is no such disposition in this queue.")


def _check_digits(digits: str) -> None:
    if not digits or len(digits) > 32 or not set(digits) <= set("0123456789*#ABCD"):
        raise IllegalMove("Only the keys 0-9, * and # can be pressed.")
