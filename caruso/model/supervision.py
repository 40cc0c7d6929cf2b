"""What supervisors do with live calls, in the words of the field."""

from __future__ import annotations

from enum import StrEnum


class SupervisionMode(StrEnum):
    """How a supervisor takes part in a conversation."""

    #: Hears both, is heard by nobody.
    LISTEN = "listen"
    #: Is heard by the agent, and not by the customer.
    WHISPER = "whisper"
    #: Is heard by both.
    BARGE = "barge"


class SupervisionOutcome(StrEnum):
    """How a supervision ended."""

    #: The supervisor ended it, on the page or by hanging up.
    STOPPED = "stopped"
    #: The supervisor's phone was not answered, was busy, or could not be reached.
    NOT_ANSWERED = "not-answered"
    #: The agent's part in the conversation is over.
    CONVERSATION_OVER = "conversation-over"
    #: The supervisor has the conversation herself now.
    TAKEN_OVER = "taken-over"
    #: The PBX refused it.
    FAILED = "failed"
    #: It was gone when the server or the PBX came back.
    LOST = "lost"


class Announcement(StrEnum):
    """Who is told that somebody listens; who barges in is heard anyway."""

    NOBODY = "nobody"
    #: The agent's console shows it, and a tone is heard at the agent's phone alone.
    AGENT = "agent"
    #: As `AGENT`, and the customer hears the tone, too.
    EVERYBODY = "everybody"
