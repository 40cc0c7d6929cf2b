"""Which version of which service is wanted, and who has it. Pure.

A wish is written as packages are: ``crm``, ``crm>=2,<3``, ``customer-data~=1.4``. Its name is that of a
service, or of
an interface that services have beside their own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from caruso.service_manager.refusals import ServiceMissing, ServiceRefused

#: How services and interfaces are called.
NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_PINNED = re.compile(r"(?P<name>[^=\s]+)==(?P<version>[^=\s]+)")


@dataclass(frozen=True, slots=True)
class Wish:
    """A service or interface somebody wants, and which versions fit."""

    name: str
    versions: SpecifierSet

    def __str__(self) -> str:
        """Write it as it is read."""
        return f"{self.name}{self.versions}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a service is known as: its name and its interfaces, each with a version."""

    service: str
    versions: Mapping[str, Version]
    wishes: tuple[Wish, ...] = ()

    def grants(self, wish: Wish) -> bool:
        """Tell whether this is what is wanted."""
        version = self.versions.get(wish.name)
        return version is not None and wish.versions.contains(version, prereleases=True)


def read_wish(text: str) -> Wish:
    """Read ``crm>=2,<3``; raise `ServiceRefused`."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement as problem:
        raise ServiceRefused(f"“{text[:80]}” is no service with versions, like crm>=2,<3") from problem
    return Wish(_name(requirement.name), requirement.specifier)


def read_offer(name: str, version: str, provides: Iterable[str] = (), requires: Iterable[str] = ()) -> Offer:
    """Return what a service is known as and needs; raise `ServiceRefused`."""
    versions = {_name(name): _version(version)}
    for text in provides:
        pinned = _PINNED.fullmatch(text)
        if pinned is None:
            raise ServiceRefused(f"“{text[:80]}” is no interface with its version, like customer-data==1.2")
        versions[_name(pinned["name"])] = _version(pinned["version"])
    return Offer(service=name, versions=versions, wishes=tuple(read_wish(text) for text in requires))


def granted(wish: Wish, offers: Iterable[Offer]) -> Offer | None:
    """Return who is asked: the service of this name, else the newest that has the interface; None for nobody."""
    fitting = [offer for offer in offers if offer.grants(wish)]
    return max(fitting, key=lambda o: (o.service == wish.name, o.versions[wish.name], o.service), default=None)


def unmet(offer: Offer, others: Iterable[Offer]) -> tuple[Wish, ...]:
    """Return what a service needs that nobody else has."""
    known = tuple(others)
    return tuple(wish for wish in offer.wishes if granted(wish, known) is None)


def start_order(offers: Iterable[Offer], present: Iterable[Offer] = ()) -> tuple[str, ...]:
    """Return services so that each comes after those it needs; raise `ServiceMissing` or `ServiceRefused`.

    Args:
        offers: the services that are to start.
        present: those that are there already.
    """
    coming = {offer.service: offer for offer in offers}
    everybody = (*present, *coming.values())
    needs: dict[str, set[str]] = {}
    for offer in coming.values():
        missing = unmet(offer, everybody)
        if missing:
            raise ServiceMissing(f"{offer.service} needs {', '.join(map(str, missing))}, which is not there")
        found = (granted(wish, everybody) for wish in offer.wishes)
        needs[offer.service] = {other.service for other in found if other and other.service in coming}
    try:
        return tuple(TopologicalSorter(needs).static_order())
    except CycleError as problem:
        raise ServiceRefused(f"These need each other: {' → '.join(problem.args[1])}") from problem


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ServiceRefused(f"“{text[:80]}” is no name for a service")
    return text


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion as problem:
        raise ServiceRefused(f"“{text[:80]}” is no version, like 1.2") from problem
