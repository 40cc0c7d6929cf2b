"""Reads and writes the few SIP messages that a measuring caller and a measuring phone exchange.

Pure and quick rather than complete: one line per header, no folding, no authentication. Knows no socket, no time.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TAG = re.compile(r";\s*tag=", re.IGNORECASE)
_USER = re.compile(r"sips?:([^@;>]*)@")
_ADDRESS = re.compile(r"<([^>]*)>")
_SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}


class Message(NamedTuple):
    """A request (`status` 0) or a response."""

    method: str
    status: int
    uri: str
    headers: dict[str, str]
    #: All of them, in their order: a response returns them.
    vias: tuple[str, ...]

    @property
    def call_id(self) -> str:
        """Which dialog it belongs to."""
        return self.headers.get("call-id", "")

    @property
    def called(self) -> str:
        """The user part of the request's address: whose phone is called."""
        return user_of(self.uri)

    @property
    def caller(self) -> str:
        """The user part of From: the caller's number."""
        return user_of(self.headers.get("from", ""))

    @property
    def target(self) -> str:
        """Where requests within the dialog go: the address in Contact."""
        return address_of(self.headers.get("contact", ""))

    @property
    def branch(self) -> str:
        """Which transaction it belongs to."""
        return self.vias[0].partition("branch=")[2].partition(";")[0] if self.vias else ""


def parse(data: bytes) -> Message | None:
    """Read a datagram; None for what is no SIP message (keep-alives, rubbish)."""
    lines = data.partition(b"\r\n\r\n")[0].decode(errors="replace").split("\r\n")
    start = lines[0].split(" ", 2)
    if len(start) < 3:
        return None
    headers: dict[str, str] = {}
    vias: list[str] = []
    for line in lines[1:]:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        name = _SHORT.get(name, name)
        if name == "via":
            vias.append(value.strip())
        else:
            headers.setdefault(name, value.strip())
    method = headers.get("cseq", "").partition(" ")[2]
    if start[0] == "SIP/2.0":
        if not start[1].isdigit() or not method:
            return None
        return Message(method, int(start[1]), "", headers, tuple(vias))
    return Message(start[0], 0, start[1], headers, tuple(vias))


def user_of(address: str) -> str:
    """Return what stands before the @."""
    found = _USER.search(address)
    return found[1] if found else ""


def address_of(header: str) -> str:
    """Return the address of a header that may have a name round it."""
    found = _ADDRESS.search(header)
    return found[1] if found else header.partition(";")[0]


def session(port: int, *, one_port: bool = False) -> str:
    """Describe a phone that speaks G.711 at a port of loopback; `one_port`: RTCP goes there, too (RFC 5761)."""
    return (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n" + ("a=rtcp-mux\r\n" if one_port else "")
    )


def request(
    method: str,
    uri: str,
    *,
    via: str,
    from_: str,
    to: str,
    call_id: str,
    number: int,
    contact: str,
    body: str = "",
) -> bytes:
    """Write a request; `via` with its branch, `from_` and `to` with their tags."""
    kind = "Content-Type: application/sdp\r\n" if body else ""
    return (
        f"{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {from_}\r\nTo: {to}\r\n"
        f"Call-ID: {call_id}\r\nCSeq: {number} {method}\r\nContact: <{contact}>\r\n"
        f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def response(to_request: Message, status: int, reason: str, *, tag: str, contact: str, body: str = "") -> bytes:
    """Write the response to a request, with our `tag` in To."""
    headers = to_request.headers
    to = headers.get("to", "")
    if not _TAG.search(to):
        to = f"{to};tag={tag}"
    vias = "".join(f"Via: {via}\r\n" for via in to_request.vias)
    kind = "Content-Type: application/sdp\r\n" if body else ""
    return (
        f"SIP/2.0 {status} {reason}\r\n{vias}From: {headers.get('from', '')}\r\nTo: {to}\r\n"
        f"Call-ID: {to_request.call_id}\r\nCSeq: {headers.get('cseq', '')}\r\nContact: <{contact}>\r\n"
        f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
