"""Every error Caruso raises on purpose: one tree, each with a stable `code` and typed attributes.

The docstring of a class is its message; HTTP statuses are chosen at the edge (`caruso.web`).
A caller who hangs up is an event, not an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class CarusoError(Exception):
    """Something went wrong in Caruso."""

    code: ClassVar[str] = "caruso"

    def __str__(self) -> str:
        """Return the message given, or the class's own sentence."""
        return super().__str__() or (self.__doc__ or "").strip().splitlines()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A mistake in something a person wrote, with the place where it can be mended."""

    #: Stable identifier of the rule, e.g. ``unknown-queue``.
    rule: str
    #: One sentence for the person who can mend it.
    message: str
    #: File name as the person knows it; empty when it came through the API.
    file: str = ""
    #: 1-based; 0 where it is not known.
    line: int = 0
    column: int = 0
    #: XML attribute or TOML key the mistake is in.
    attribute: str = ""
    #: "did you mean …", ready to print.
    suggestion: str = ""
    #: ``error`` stops what was asked for, ``warning`` does not.
    level: str = "error"

    def __str__(self) -> str:
        """Format as ``file:line:column: level[rule] message (suggestion)``."""
        place = ":".join([self.file or "-", *(str(n) for n in (self.line, self.column) if n)])
        attribute = f" @{self.attribute}" if self.attribute else ""
        suggestion = f" ({self.suggestion})" if self.suggestion else ""
        return f"{place}: {self.level}[{self.rule}]{attribute} {self.message}{suggestion}"


class RejectedInput(CarusoError):
    """What was written contains mistakes; nothing of it took effect."""

    code = "rejected-input"

    def __init__(self, findings: tuple[Located, ...]) -> None:
        """Keep the `findings`, at least one of them an error."""
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


class IllegalMove(CarusoError):
    """This is not possible in the present state."""

    code = "illegal-move"


class NotFound(CarusoError):
    """There is no such thing."""

    code = "not-found"


class RunExpired(CarusoError):
    """This dialog was left too long ago; it has to be begun again."""

    code = "run-expired"


class TooMany(CarusoError):
    """That was asked for too often; try again later."""

    code = "too-many"


class NotAllowed(CarusoError):
    """Your role does not allow this."""

    code = "not-allowed"


class LinkDown(CarusoError):
    """The link to the other system is down; nothing was sent."""

    code = "link-down"


class RecordingRefused(CarusoError):
    """The telephone system will not record this."""

    code = "recording-refused"


class StorageUnavailable(CarusoError):
    """The database did not answer in time, is locked, full or down; nothing was changed."""

    code = "storage-unavailable"


class SchemaOutdated(CarusoError):
    """The database's tables are not those this version needs: run `caruso db upgrade`."""

    code = "schema-outdated"


class JournalTakenOver(CarusoError):
    """Another server writes the journal of this database; this one must not go on."""

    code = "journal-taken-over"
