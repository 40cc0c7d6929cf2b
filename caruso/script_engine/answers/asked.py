"""A question as it is asked now, and why an answer to it cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from caruso.script_engine import wording
from caruso.script_engine.nodes import Question
from caruso.script_engine.turns import Option, QuestionType, ScriptChannel, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question with what its answers depend on."""

    question: Question
    channel: ScriptChannel
    language: str = "en"
    #: What can be chosen now.
    options: Sequence[Option] = ()
    #: Where a time that is typed without one is meant.
    zone: tzinfo = UTC
    #: What has been stored for this run and may be named in an answer, by id.
    files: Mapping[str, Value] = field(default_factory=dict)

    @property
    def type(self) -> QuestionType:
        """Return what kind of answer it takes."""
        return self.question.type

    @property
    def by_keys(self) -> bool:
        """Whether it is answered by pressing keys."""
        return self.channel is ScriptChannel.PHONE


@dataclass(frozen=True, slots=True)
class Misread:
    """Why an answer cannot be read: a key of `wording`, and what it says in it."""

    phrase: str
    values: Mapping[str, str] = field(default_factory=dict)

    def message(self, language: str) -> str:
        """Return the reason as a sentence."""
        return wording.phrase(self.phrase, language, **self.values)


Read = Value | Misread
