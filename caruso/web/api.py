"""The REST API: one method for each operation; what an operation may see is decided here, by role.

Its description is at ``/api/openapi.json``. Live things (desk, monitor) are on WebSockets.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import UNSET

from caruso.clock import Clock
from caruso.comm_server.supervision.scope import Scope, has_queue, seen_by
from caruso.errors import NotAllowed, NotFound
from caruso.model.centre import REGISTERED, Role
from caruso.model.contact_search import ContactsWanted
from caruso.model.facts import Presence
from caruso.model.ids import AgentId, ContactId, CustomerId
from caruso.model.records import Customer, PastContact
from caruso.model.run_records import RunEvent
from caruso.model.segments import Segment, segments_of
from caruso.model.views import Choice, HistoryView, MonitorView, TargetView
from caruso.ports.customers import AccessLog, CustomerStore
from caruso.ports.journal import FactStore
from caruso.ports.telephony import Phones
from caruso.script_engine.answers import typed
from caruso.script_engine.answers.stored import file_of
from caruso.script_engine.turns import Value
from caruso.script_engine.values import from_json
from caruso.web import resources as r
from caruso.web.binding import mistake, operation
from caruso.web.call import Call
from caruso.web.centre_port import ContactCentre
from caruso.web.contact_search import customers_asked, note_asked, number_asked, queues_asked
from caruso.web.kept_files import contact_file
from caruso.web.sessions import Sessions, SignedIn, handle_of
from caruso.web.sign_in import SignIn
from caruso.web.supervision_api import supervisor

#: Reports how a part of the server is: figures, and ``ok`` (False when it is degraded).
HealthCheck = Callable[[], Mapping[str, object]]

_DAY = timedelta(days=1)
_FORCEABLE = (Presence.NOT_READY, Presence.SIGNED_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Whom the API asks."""

    centre: ContactCentre
    customers: CustomerStore
    facts: FactStore
    phones: Phones
    clock: Clock
    health: Mapping[str, HealthCheck]
    #: Of telephone numbers without a country code.
    country: str
    #: None: who looks at a customer is not written down.
    accesses: AccessLog | None = None


class Api:
    """All operations."""

    def __init__(self, sources: Sources, sessions: Sessions, sign_in: SignIn) -> None:
        """Know whom to ask."""
        self._ask = sources
        self._sessions = sessions
        self._sign_in = sign_in

    # -- Signing in -------------------------------------------------------------------------------------------

    @operation("POST", "/api/session", role=None)
    async def sign_in(self, call: Call, body: r.SignInBody) -> r.WhoAmI:
        """Sign in.

        Sets the session's cookie. After too many failures 429 tells in Retry-After when to try again.
        """
        call.new_token, signed_in = await self._sign_in.sign_in(
            body.user, body.password, address=call.address, agent_string=call.agent_string
        )
        return self._who(signed_in)

    @operation("GET", "/api/session", role=Role.AGENT)
    async def who_am_i(self, call: Call) -> r.WhoAmI:
        """Tell who is signed in."""
        return self._who(call.who)

    @operation("DELETE", "/api/session", role=Role.AGENT, status=204)
    async def sign_out(self, call: Call) -> None:
        """Sign out: this session ends at once, with its sockets."""
        call.new_token = ""
        await self._sessions.revoke(call.who.session.token_hash)

    @operation("GET", "/api/sessions", role=Role.AGENT)
    async def sessions(self, call: Call) -> list[r.SessionLine]:
        """List one's own sessions, newest first."""
        mine = call.who.session.token_hash
        return [
            r.SessionLine(
                id=handle_of(session),
                created_at=session.created_at,
                expires_at=session.expires_at,
                address=session.address,
                browser=session.agent_string,
                current=session.token_hash == mine,
            )
            for session in await self._sessions.of(call.who.user.id)
        ]

    @operation("DELETE", "/api/sessions/{session}", role=Role.AGENT, status=204)
    async def end_session(self, call: Call, session: str) -> None:
        """End one of one's own sessions, e.g. on a computer left behind."""
        await self._sessions.revoke_of(call.who.user.id, session)

    @operation("POST", "/api/password", role=Role.AGENT, status=204)
    async def change_password(self, call: Call, body: r.PasswordBody) -> None:
        """Change one's own password; all other sessions end."""
        if body.new == body.old:
            raise mistake("new", "The new password must be another one.")
        await self._sign_in.change_password(call.who, body.old, body.new, address=call.address)

    def _who(self, signed_in: SignedIn) -> r.WhoAmI:
        return r.WhoAmI(
            user=signed_in.user.id,
            name=signed_in.user.name,
            role=signed_in.user.role,
            agent=signed_in.agent,
            centre=self._ask.centre.centre().name,
            csrf_token=signed_in.session.csrf_token,
            expires_at=signed_in.session.expires_at,
        )

    # -- Phone ------------------------------------------------------------------------------------------------

    @operation("GET", "/api/phone", role=Role.AGENT)
    async def phone(self, call: Call, query: r.PhoneQuery) -> r.Phone:
        """Return what one's own phone needs to register."""
        agent = call.who.agent
        if agent is None:
            raise NotFound("You take no contacts, so you have no phone.")
        if query.kind not in REGISTERED:
            raise mistake("kind", "Only browser phones and SIP phones register.")
        account = self._ask.phones.account(agent, query.kind)
        return r.Phone(uri=account.uri, username=account.username, secret=account.secret, server=account.server)

    # -- Transfers --------------------------------------------------------------------------------------------

    @operation("GET", "/api/transfer-targets", role=Role.AGENT)
    async def transfer_targets(self, call: Call) -> list[TargetView]:
        """List to whom a customer can be given: colleagues with their presence, queues, entry points.

        An entry of kind ``number`` tells that any number outside can be called.
        """
        return self._ask.centre.transfer_targets(call.who.agent)

    # -- The past ---------------------------------------------------------------------------------------------

    @operation("GET", "/api/contacts", role=Role.AGENT)
    async def contacts(self, call: Call, query: r.ContactsQuery) -> r.ContactPage:
        """List contacts, newest first; an agent sees her own, a supervisor those of her queues.

        What is asked for narrows that: all of it must be so. A customer is meant by number or by the beginnings of
        words, as in ``/api/customers``.
        """
        until = query.until or self._ask.clock.now()
        since = query.since or until - _DAY
        if since > until:
            raise mistake("since", "The time it begins is after the one it ends.")
        wanted = ContactsWanted(
            since=since,
            until=until,
            limit=query.limit + 1,
            offset=query.offset,
            agents=frozenset(filter(None, (_only(call.who), query.agent))),
            queues=queues_asked(query, self._scope(call)),
            number=number_asked(query, self._ask.country),
            customers=await customers_asked(query, self._ask.customers),
            channel=query.channel,
            outcome=query.outcome,
            disposition=query.disposition or "",
            note=note_asked(query),
        )
        found = await self._ask.facts.contacts(wanted)
        lines = [_line(contact) for contact in found[: query.limit]]
        return r.ContactPage(contacts=lines, more=len(found) > query.limit)

    @operation("GET", "/api/contacts/{contact}", role=Role.AGENT)
    async def contact(self, call: Call, contact: str) -> r.ContactDetail:
        """Return one contact and what happened in its dialogs; an agent sees her own."""
        found, segments = await find_contact(self._ask, call.who, ContactId(contact))
        return _detail(found, await self._ask.facts.trail(found.id), segments)

    def _scope(self, call: Call) -> Scope:
        return _scope(self._ask, call.who)

    # -- Customers --------------------------------------------------------------------------------------------

    @operation("GET", "/api/customers", role=Role.AGENT)
    async def customers(self, call: Call, query: r.CustomersQuery) -> list[r.CustomerLine]:
        """Find customers by the beginning of name, number or e-mail address."""
        return [
            r.CustomerLine(id=c.id, name=c.name, numbers=list(c.numbers), email=c.email)
            for c in await self._ask.customers.search(query.search, query.limit)
        ]

    @operation("GET", "/api/customers/{customer}", role=Role.AGENT)
    async def customer(self, call: Call, customer: str) -> r.CustomerCard:
        """Return a customer with the newest contacts; the access log tells who looked."""
        found = await self._customer(customer)
        if self._ask.accesses is not None:
            await self._ask.accesses.note(found.id, "card")
        return await self._card(found)

    @operation("PATCH", "/api/customers/{customer}", role=Role.AGENT)
    async def change_customer(self, call: Call, customer: str, body: r.CustomerChange) -> r.CustomerCard:
        """Change a customer; what the body leaves out stays."""
        changed = _changed(await self._customer(customer), body)
        await self._ask.customers.save(changed, by=call.who.user.id, role=call.who.user.role)
        return await self._card(changed)

    async def _customer(self, customer: str) -> Customer:
        found = await self._ask.customers.get(CustomerId(customer))
        if found is None:
            raise NotFound("There is no such customer.")
        return found

    async def _card(self, customer: Customer) -> r.CustomerCard:
        return r.CustomerCard(
            id=customer.id,
            name=customer.name,
            numbers=list(customer.numbers),
            email=customer.email,
            attributes=customer.attributes,
            history=[self._history(contact) for contact in await self._ask.facts.history(customer.id)],
        )

    def _history(self, contact: PastContact) -> HistoryView:
        centre = self._ask.centre.centre()
        queue = centre.queues.get(contact.queue) if contact.queue else None
        agent = centre.agents.get(contact.agent) if contact.agent else None
        return HistoryView(
            id=contact.id,
            at=contact.arrived_at,
            channel=contact.channel,
            queue=queue.name if queue else contact.queue or "",
            agent=agent.name if agent else contact.agent or "",
            disposition=contact.disposition,
            note=contact.note,
            talk_seconds=contact.talk_seconds,
            answers=list(contact.answers),
        )

    # -- The centre -------------------------------------------------------------------------------------------

    @operation("GET", "/api/centre", role=Role.AGENT)
    async def centre(self, call: Call) -> r.CentreSummary:
        """Return the names of queues, agents, reasons and entry points."""
        centre = self._ask.centre.centre()
        return r.CentreSummary(
            name=centre.name,
            timezone=centre.timezone,
            queues=[
                r.QueueEntry(
                    id=queue.id,
                    name=queue.name,
                    target_seconds=queue.target_seconds,
                    dispositions=[Choice(id=d.id, name=d.name) for d in queue.dispositions],
                )
                for queue in centre.queues.values()
            ],
            agents=[
                r.AgentEntry(
                    id=agent.id,
                    name=agent.name,
                    role=agent.role,
                    queues=list(agent.queues),
                    station=agent.station.kind,
                )
                for agent in centre.agents.values()
            ],
            reasons=[Choice(id=reason.id, name=reason.name) for reason in centre.not_ready_reasons],
            entry_points=[Choice(id=entry.id, name=entry.name) for entry in centre.entry_points.values()],
            skills=[Choice(id=skill.id, name=skill.name) for skill in centre.skills.values()],
        )

    @operation("GET", "/api/monitor", role=Role.SUPERVISOR)
    async def monitor(self, call: Call) -> MonitorView:
        """Return the whole live monitor, once; changes are pushed on /ws/monitor."""
        scope = self._ask.centre.supervisors.scope(supervisor(call.who))
        return seen_by(self._ask.centre.monitor(), scope, self._ask.centre.centre())

    @operation("POST", "/api/agents/{agent}/presence", role=Role.SUPERVISOR, status=204)
    async def force_presence(self, call: Call, agent: str, body: r.ForcedPresence) -> None:
        """Make an agent not ready, or sign her out; an admin can also make her ready."""
        possible = (*_FORCEABLE, Presence.READY) if call.who.may(Role.ADMIN) else _FORCEABLE
        if body.presence not in possible:
            raise mistake("presence", f"Must be one of {', '.join(possible)}.")
        self._ask.centre.supervisors.check_agent(supervisor(call.who), AgentId(agent))
        self._ask.centre.force_presence(AgentId(agent), Presence(body.presence), body.reason, by=call.who.user.id)

    # -- Health -----------------------------------------------------------------------------------------------

    @operation("GET", "/api/health", role=None)
    async def health(self, call: Call) -> r.Health:
        """Tell whether all parts work. Needs no database: it answers while that is down."""
        parts, _ = self._parts()
        return r.Health(
            status=_status(all(parts.values())), parts={name: _status(ok) for name, ok in parts.items()}
        )

    @operation("GET", "/api/health/details", role=Role.SUPERVISOR)
    async def health_details(self, call: Call) -> r.HealthDetails:
        """Tell the same, with figures."""
        parts, details = self._parts()
        return r.HealthDetails(
            status=_status(all(parts.values())),
            parts={name: _status(ok) for name, ok in parts.items()},
            details=msgspec.to_builtins(details, enc_hook=str),
        )

    def _parts(self) -> tuple[dict[str, bool], dict[str, Mapping[str, object]]]:
        """Return which part is well, and the figures of each."""
        checked = {name: check() for name, check in self._ask.health.items()}
        parts = {name: bool(figures.get("ok", True)) for name, figures in checked.items()}
        return {"telephony": self._ask.centre.telephony_up} | parts, {
            "centre": self._ask.centre.health()
        } | checked


def _status(ok: bool) -> str:
    return "ok" if ok else "degraded"


def _only(who: SignedIn) -> AgentId | None:
    """Return whose contacts alone may be seen, or None for all."""
    if who.may(Role.SUPERVISOR):
        return None
    if who.agent is None:
        raise NotAllowed
    return who.agent


async def find_contact(ask: Sources, who: SignedIn, contact: ContactId) -> tuple[PastContact, Sequence[Segment]]:
    """Return a contact that `who` may see, and who had it; raise `NotFound`."""
    found = await ask.facts.contact(contact)
    only = _only(who)
    if found is None or not has_queue(_scope(ask, who), found.queue):
        raise NotFound("There is no such contact.")
    segments = segments_of(await ask.facts.facts_of(found.id))
    if only is not None and only not in (found.agent, *(segment.agent for segment in segments)):
        raise NotFound("There is no such contact.")
    return found, segments


def _scope(ask: Sources, who: SignedIn) -> Scope:
    """Return whose queues' contacts may be seen; an agent sees her own, whatever the queue."""
    return ask.centre.supervisors.scope(supervisor(who)) if who.may(Role.SUPERVISOR) else None


def _line(contact: PastContact) -> r.ContactLine:
    return r.ContactLine(**_fields(contact))


def _detail(contact: PastContact, trail: Sequence[RunEvent], segments: Sequence[Segment]) -> r.ContactDetail:
    lines = [_trail_line(contact.id, event) for event in trail]
    return r.ContactDetail(**_fields(contact), trail=lines, segments=list(segments))


def _fields(contact: PastContact) -> dict[str, Any]:
    fields = {name: getattr(contact, name) for name in r.ContactLine.__struct_fields__}
    return fields | {"answers": list(contact.answers)}


def _trail_line(contact: ContactId, event: RunEvent) -> r.TrailLine:
    new = from_json(event.new)
    file = file_of(new)
    return r.TrailLine(
        event=event.event,
        item=event.item,
        at=event.at,
        channel=event.channel,
        by=event.by,
        contact=event.contact,
        script=event.script,
        version=event.version,
        variant=event.variant,
        text=event.text,
        old=_told(from_json(event.old)),
        new=_told(new),
        masked=event.masked,
        file=contact_file(contact, file[0]) if file is not None else "",
    )


def _told(value: Value) -> str:
    file = file_of(value)
    return typed(value) if file is None else file[1]


def _changed(customer: Customer, change: r.CustomerChange) -> Customer:
    attributes = customer.attributes
    if change.attributes is not UNSET:
        merged = attributes | change.attributes
        attributes = {name: value for name, value in merged.items() if value is not None}
    return dataclasses.replace(
        customer,
        name=customer.name if change.name is UNSET else change.name,
        numbers=customer.numbers if change.numbers is UNSET else tuple(change.numbers),
        email=customer.email if change.email is UNSET else change.email,
        attributes=attributes,
    )
