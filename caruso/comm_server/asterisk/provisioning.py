"""Decides which PJSIP objects the agents' phones need, and which requests make Asterisk hold exactly those.

Pure. Every agent has two accounts, so that she can change her station without an admin: ``<agent>-web`` for the
browser phone, ``<agent>-sip`` for a SIP phone that registers, or is found at the address of her station.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from caruso.comm_server.asterisk import ari
from caruso.comm_server.asterisk.ari import Request
from caruso.comm_server.asterisk.settings import AsteriskSettings
from caruso.model.centre import REGISTERED, AgentProfile, StationKind
from caruso.model.ids import AgentId
from caruso.model.records import PhoneAccount

_SUFFIXES = {StationKind.BROWSER: "-web", StationKind.SIP: "-sip"}
#: Seconds between questions whether a registered phone is still there.
QUALIFY_SECONDS = 30


class PjsipObject(NamedTuple):
    """Which object of PJSIP's configuration."""

    kind: str
    name: str


Fields = tuple[tuple[str, str], ...]


def endpoint_name(agent: AgentId, kind: StationKind) -> str:
    """Return what the agent's phone is called in Asterisk: the `endpoint` of a `Dial`."""
    return f"{agent}{_SUFFIXES[kind]}"


def station_of(endpoint: str) -> tuple[AgentId, StationKind] | None:
    """Return whose phone of what kind it is; None for an endpoint that is not an agent's."""
    for kind, suffix in _SUFFIXES.items():
        if endpoint.endswith(suffix) and len(endpoint) > len(suffix):
            return AgentId(endpoint.removesuffix(suffix)), kind
    return None


def phone_secret(endpoint: str, server_secret: str) -> str:
    """Return the password of a phone, always the same, from the server's own secret."""
    return hmac.new(server_secret.encode(), endpoint.encode(), hashlib.sha256).hexdigest()


class DerivedPhones:
    """The `Phones` port."""

    def __init__(self, settings: AsteriskSettings) -> None:
        """Use the server's secret and addresses."""
        self._settings = settings

    def account(self, agent: AgentId, kind: StationKind) -> PhoneAccount:
        """Return the account of the agent's browser phone or SIP phone."""
        name = endpoint_name(agent, kind)
        settings = self._settings
        return PhoneAccount(
            uri=f"sip:{name}@{settings.phone_domain}",
            username=name,
            secret=phone_secret(name, settings.server_secret),
            server=settings.phone_ws_url if kind is StationKind.BROWSER else settings.phone_sip_server,
        )


def wanted(agents: Iterable[AgentProfile], settings: AsteriskSettings) -> dict[PjsipObject, Fields]:
    """Return all objects the agents need: all endpoints come after all they refer to.

    At each new aor Asterisk looks through the endpoints there are, so the other order would cost it seconds.
    """
    objects: dict[PjsipObject, Fields] = {}
    for agent in agents:
        for kind in REGISTERED:
            fixed = agent.station.address if kind is agent.station.kind is StationKind.SIP else ""
            objects |= _phone(endpoint_name(agent.id, kind), kind, fixed, settings)
    return dict(sorted(objects.items(), key=lambda entry: entry[0].kind == "endpoint"))


def marked(want: Mapping[PjsipObject, Fields], settings: AsteriskSettings) -> tuple[PjsipObject, Fields]:
    """Return an object that says by its user name that Asterisk holds all of `want`; nobody can sign in with it.

    A restarted server that finds it need not make anything anew: with 1,000 agents that would keep Asterisk busy
    for seconds, and make it forget which phones are reachable.
    """
    text = "\n".join(f"{item.kind}/{item.name} {fields}" for item, fields in want.items())
    mark = phone_secret(text, settings.server_secret)
    name = f"{settings.app}~phones"
    return PjsipObject("auth", name), (("auth_type", "digest"), ("username", mark), ("password", mark[::-1]))


def changes(
    want: Mapping[PjsipObject, Fields], have: Mapping[PjsipObject, Fields]
) -> tuple[tuple[PjsipObject, Request], ...]:
    """Return the requests that turn `have` into `want`: endpoints are made last and removed first."""
    removed = [(item, _remove(item)) for item in reversed(tuple(have)) if item not in want]
    made = [
        (item, request)
        for item, fields in want.items()
        if have.get(item) != fields
        for request in _made_anew(item, fields)
    ]
    return (*removed, *made)


def _made_anew(item: PjsipObject, fields: Fields) -> tuple[Request, ...]:
    """Return how the object comes to have these fields, whatever Asterisk holds under its name."""
    # An update adds a fixed contact to the ones there are, and the phone's old address would go on ringing.
    return (_remove(item), _make(item, fields)) if item.kind == "aor" else (_make(item, fields),)


def _phone(name: str, kind: StationKind, fixed: str, settings: AsteriskSettings) -> dict[PjsipObject, Fields]:
    secret = phone_secret(name, settings.server_secret)
    if fixed:
        # Not asked whether it is there: a phone that does not answer OPTIONS would never be called.
        aor: Fields = (("contact", fixed), ("qualify_frequency", "0"))
    else:
        aor = (("max_contacts", "1"), ("remove_existing", "yes"), ("qualify_frequency", str(QUALIFY_SECONDS)))
    return {
        PjsipObject("auth", name): (("auth_type", "digest"), ("username", name), ("password", secret)),
        PjsipObject("aor", name): aor,
        PjsipObject("endpoint", name): (
            ("context", f"{settings.context}-phones"),
            ("auth", name),
            ("aors", name),
            ("disallow", "all"),
            *(_WEB if kind is StationKind.BROWSER else _SIP),
        ),
    }


_ALL = (
    ("direct_media", "no"),
    ("rewrite_contact", "yes"),
    ("rtp_symmetric", "yes"),
    ("force_rport", "yes"),
    # What a phone asks for is told to the centre, which transfers (see `commands._dial`).
    ("allow_transfer", "yes"),
)
_WEB: Fields = (
    ("allow", "opus,ulaw"),
    ("webrtc", "yes"),
    ("dtls_auto_generate_cert", "yes"),
    # A browser sends audio even when muted. One that was closed in mid-call says no goodbye.
    ("rtp_timeout", "20"),
    ("rtp_timeout_hold", "60"),
    *_ALL,
)
_SIP: Fields = (("allow", "ulaw,alaw,opus"), *_ALL)


def _make(item: PjsipObject, fields: Fields) -> Request:
    tuples = [{"attribute": name, "value": value} for name, value in fields]
    return ari.asterisk_update_object(
        config_class="res_pjsip", object_type=item.kind, id_=item.name, fields=tuples
    )


def _remove(item: PjsipObject) -> Request:
    return ari.asterisk_delete_object(config_class="res_pjsip", object_type=item.kind, id_=item.name)
