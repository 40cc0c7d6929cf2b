"""Decide what mails go out about a message: one to each address, with the sound. Pure; `now` is given."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from caruso.model.ids import RunId
from caruso.model.run_records import OutboxAction
from caruso.model.voicemails import Voicemail

#: The operation that sends a mail.
SEND = "email.send"
#: A mail server that is away is tried again for so many times, so many seconds apart: about a day.
RETRIES = 288
RETRY_WAIT_SECONDS = 300.0
_TIMEOUT_SECONDS = 60.0

_SUBJECT = "{queue}: message from {caller} ({length})"
_TEXT = """{queue}: message from {caller}
Left on {at}, {length} long.
{text}
The message is attached. In the console it waits to be answered.
"""


def orders(
    message: Voicemail,
    addresses: Collection[str],
    *,
    queue_name: str,
    text: str,
    time_zone: str,
    now: datetime,
) -> tuple[OutboxAction, ...]:
    """Return the mails about a message, each with a key of its own: ordered again, it is the same mail.

    `text` is what was said, where that was written down.
    """
    if message.file is None or message.received_at is None:
        return ()
    values = {
        "queue": queue_name,
        "caller": _caller(message),
        "length": length_of(message.seconds),
        "at": message.received_at.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M"),
        "text": f"\n{text}\n" if text else "",
    }
    return tuple(
        OutboxAction(
            key=f"{message.contact}/mail/{address}",
            run=RunId(message.contact),
            service=SEND,
            params={
                "to": address,
                "subject": _SUBJECT.format(**values),
                "text": _TEXT.format(**values),
                "attachments": [message.file],
            },
            timeout_seconds=_TIMEOUT_SECONDS,
            retries=RETRIES,
            retry_wait_seconds=RETRY_WAIT_SECONDS,
            created_at=now,
            next_at=now,
        )
        for address in addresses
    )


def length_of(seconds: float) -> str:
    """Return a length as minutes and seconds: ``0:07``."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def _caller(message: Voicemail) -> str:
    number = message.number or "a hidden number"
    name = " ".join(message.name.split())
    return f"{name}, {number}" if name else number
