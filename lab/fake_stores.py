"""Users, customers and facts in memory, phones that lead nowhere: the web's ports without a database."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime

from caruso.clock import Clock
from caruso.model.acting import who_acts
from caruso.model.centre import Role, StationKind
from caruso.model.changes import CustomerAccess
from caruso.model.contact_search import ContactsWanted
from caruso.model.facts import AnyFact
from caruso.model.ids import AgentId, ContactId, CustomerId, RunId, UserId
from caruso.model.records import Became, Customer, PastContact, PhoneAccount, Session, ShutOut, User
from caruso.model.run_records import RunEvent, SavedRun


class MemoryUsers:
    """A `UserStore`."""

    def __init__(self, *users: User) -> None:
        """Begin with `users`."""
        self.kept = {user.id: user for user in users}
        self.sessions: dict[str, Session] = {}
        self._last_sign_ins: dict[UserId, datetime] = {}
        #: How often a session was asked for.
        self.reads = 0

    async def user(self, user: UserId) -> User | None:
        """Return a user."""
        return self.kept.get(user)

    async def users(self) -> Sequence[User]:
        """Return all users."""
        return list(self.kept.values())

    async def save_user(self, user: User) -> None:
        """Create or change a user, who stays disabled, or not."""
        there = self.kept.get(user.id)
        disabled_at = there.disabled_at if there else user.disabled_at
        self.kept[user.id] = dataclasses.replace(user, disabled_at=disabled_at)

    async def disable(self, user: UserId, at: datetime) -> None:
        """Let nobody sign in with this name, and forget all sessions."""
        there = self.kept[user]
        self.kept[user] = dataclasses.replace(there, disabled_at=there.disabled_at or at)
        await self.revoke_sessions_of(user)

    async def enable(self, user: UserId) -> None:
        """Let a user sign in again."""
        self.kept[user] = dataclasses.replace(self.kept[user], disabled_at=None)

    async def shut_out(self) -> ShutOut:
        """Return who is disabled."""
        out = [user for user in self.kept.values() if user.disabled_at is not None]
        others = {user.agent for user in self.kept.values() if user.disabled_at is None}
        return ShutOut(
            users=frozenset(user.id for user in out),
            agents=frozenset(user.agent for user in out if user.agent is not None and user.agent not in others),
        )

    async def last_sign_ins(self) -> Mapping[UserId, datetime]:
        """Return when users signed in last."""
        return self._last_sign_ins

    async def session(self, token_hash: str) -> Session | None:
        """Return a session."""
        self.reads += 1
        return self.sessions.get(token_hash)

    async def sessions_of(self, user: UserId) -> Sequence[Session]:
        """Return a user's sessions, newest first."""
        mine = [session for session in self.sessions.values() if session.user == user]
        return sorted(mine, key=lambda session: session.created_at, reverse=True)

    async def save_session(self, session: Session) -> None:
        """Keep a session, or its later expiry."""
        self.sessions[session.token_hash] = session
        self._last_sign_ins[session.user] = session.created_at

    async def revoke_session(self, token_hash: str) -> None:
        """Forget a session."""
        self.sessions.pop(token_hash, None)

    async def revoke_sessions_of(self, user: UserId) -> None:
        """Forget a user's sessions."""
        self.sessions = {h: session for h, session in self.sessions.items() if session.user != user}


class MemoryCustomers:
    """A `CustomerStore`."""

    def __init__(self, *customers: Customer) -> None:
        """Begin with `customers`."""
        self.kept = {customer.id: customer for customer in customers}
        #: Who saved what.
        self.audit: list[tuple[str, Customer]] = []

    async def by_number(self, number: str) -> Customer | None:
        """Return whose number it is."""
        return next((customer for customer in self.kept.values() if number in customer.numbers), None)

    async def get(self, customer: CustomerId) -> Customer | None:
        """Return a customer."""
        return self.kept.get(customer)

    async def search(self, text: str, limit: int = 20) -> Sequence[Customer]:
        """Return customers of whom something begins with `text`."""
        wanted = text.casefold()
        found = [
            customer
            for customer in self.kept.values()
            if any(
                part.casefold().startswith(wanted)
                for part in (customer.name, *customer.name.split(), *customer.numbers, customer.email)
            )
        ]
        return found[:limit]

    async def save(self, customer: Customer, *, by: str, role: Role | None = None) -> None:
        """Create or change a customer."""
        self.kept[customer.id] = customer
        self.audit.append((by, customer))


class MemoryAccesses:
    """An `AccessLog`."""

    def __init__(self, clock: Clock) -> None:
        """Begin empty."""
        self._clock = clock
        self.noted: list[CustomerAccess] = []

    async def note(self, customer: str, what: str) -> None:
        """Note who acts."""
        who = who_acts()
        self.noted.append(
            CustomerAccess(
                at=self._clock.now(),
                customer=customer,
                what=what,
                by=who.user,
                role=who.role,
                channel=who.channel,
                address=who.address,
            )
        )

    async def of(self, customer: str, limit: int = 100) -> Sequence[CustomerAccess]:
        """Return who looked at a customer, newest first."""
        return [one for one in reversed(self.noted) if one.customer == customer][:limit]


class MemoryFacts:
    """A `FactStore` of contacts that are over."""

    def __init__(self, *contacts: PastContact) -> None:
        """Begin with `contacts`."""
        self.past = list(contacts)
        #: What happened in dialogs, by contact.
        self.trails: dict[ContactId, Sequence[RunEvent]] = {}
        #: Facts, by contact.
        self.facts: dict[ContactId, Sequence[AnyFact]] = {}

    async def open_contact_facts(self) -> Sequence[AnyFact]:
        """Return nothing: nothing is open."""
        return ()

    async def last_presences(self) -> Sequence[AnyFact]:
        """Return nothing."""
        return ()

    async def queue_switches(self) -> Sequence[AnyFact]:
        """Return nothing."""
        return ()

    async def stations(self) -> Sequence[AnyFact]:
        """Return nothing."""
        return ()

    async def facts_of(self, contact: ContactId) -> Sequence[AnyFact]:
        """Return what was put there; of past contacts only lines are kept."""
        return self.facts.get(contact, ())

    async def facts_since(self, since: datetime) -> Sequence[AnyFact]:
        """Return nothing."""
        return ()

    async def routing_facts(self, since: datetime, until: datetime) -> Sequence[AnyFact]:
        """Return nothing."""
        return ()

    async def presences(self, since: datetime, until: datetime) -> Sequence[Became]:
        """Return nothing."""
        return ()

    async def open_runs(self) -> Sequence[SavedRun]:
        """Return nothing."""
        return ()

    async def history(self, customer: CustomerId, limit: int = 20) -> Sequence[PastContact]:
        """Return a customer's contacts, newest first."""
        return [contact for contact in self._newest() if contact.customer == customer][:limit]

    async def contacts(self, wanted: ContactsWanted) -> Sequence[PastContact]:
        """Return contacts, newest first."""
        found = [contact for contact in self._newest() if _is_wanted(contact, wanted)]
        return found[wanted.offset : wanted.offset + wanted.limit]

    async def contact(self, contact: ContactId) -> PastContact | None:
        """Return one contact."""
        return next((past for past in self.past if past.id == contact), None)

    async def run(self, run: RunId) -> SavedRun | None:
        """Return None: no run is kept."""
        return None

    async def trail(self, contact: ContactId) -> Sequence[RunEvent]:
        """Return what was put into `trails`."""
        return self.trails.get(contact, ())

    def _newest(self) -> list[PastContact]:
        return sorted(self.past, key=lambda contact: contact.arrived_at, reverse=True)

    def add(self, contact: PastContact) -> None:
        """Keep a contact, or its newer state."""
        self.past = [past for past in self.past if past.id != contact.id] + [dataclasses.replace(contact)]


def _is_wanted(contact: PastContact, wanted: ContactsWanted) -> bool:
    number, part = contact.caller_number, wanted.number
    return (
        wanted.since <= contact.arrived_at < wanted.until
        and wanted.agents <= {contact.agent}
        and (wanted.queues is None or contact.queue in wanted.queues)
        and (wanted.customers is None or contact.customer in wanted.customers)
        and wanted.channel in (None, contact.channel)
        and wanted.outcome in (None, contact.queue_outcome)
        and wanted.disposition in ("", contact.disposition)
        and wanted.note.casefold() in contact.note.casefold()
        and (part is None or number.startswith(part.begins) or (part.has != "" and part.has in number))
    )


class FakePhones:
    """`Phones` whose PBX is nowhere."""

    def __init__(self, server: str = "ws://127.0.0.1:8088/ws") -> None:
        """Name the server the browser is sent to."""
        self._server = server

    def account(self, agent: AgentId, kind: StationKind) -> PhoneAccount:
        """Return an account that nobody will accept."""
        name = f"{agent}-web" if kind is StationKind.BROWSER else str(agent)
        server = self._server if kind is StationKind.BROWSER else "sip:127.0.0.1:5060"
        return PhoneAccount(uri=f"sip:{name}@127.0.0.1", username=name, secret=f"fake-{name}", server=server)
