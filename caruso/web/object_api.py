"""Business objects over the REST API. Rights are the model's, decided by the store; here is only form."""

from __future__ import annotations

from caruso.business_objects.asking import query_of
from caruso.business_objects.model import (
    Attribute,
    Computed,
    ListAttribute,
    ObjectClass,
    Rule,
    label_of,
)
from caruso.business_objects.records import ObjectStore, Page, Record
from caruso.business_objects.rights import has_role
from caruso.clock import Clock
from caruso.errors import NotFound
from caruso.model.asker import Asker
from caruso.model.centre import Role
from caruso.ports.customers import AccessLog
from caruso.script_engine.values import to_plain
from caruso.web import object_resources as r
from caruso.web.binding import mistake, operation
from caruso.web.call import Call

#: Change numbers are those of the database.
_LARGEST_CHANGE = 2**63 - 1


class ObjectApi:
    """Operations on business objects of all classes."""

    def __init__(self, objects: ObjectStore, clock: Clock, accesses: AccessLog | None = None) -> None:
        """Ask `objects`; `accesses` is told who looks at a customer."""
        self._objects = objects
        self._clock = clock
        self._accesses = accesses

    @operation("GET", "/api/objects", role=Role.AGENT)
    async def object_classes(self, call: Call, query: r.LanguageQuery) -> list[r.ClassLine]:
        """List the classes of business objects one may see something of, and their attributes."""
        asker = _asker(call)
        classes = self._objects.model.classes.values()
        return [_class_line(each, asker, query.language) for each in classes if _may(each.read, each, asker)]

    @operation("GET", "/api/objects/{class_name}", role=Role.AGENT)
    async def objects(self, call: Call, class_name: str, query: r.ObjectsQuery) -> r.ObjectPage:
        """Find objects by a condition, or by words as somebody types them."""
        if query.search:
            if query.where or query.order or query.offset:
                raise mistake("search", "Words are searched for without a condition, an order or an offset.")
            found = await self._objects.search(class_name, query.search, _asker(call), query.limit)
            return _page(Page(records=found))
        asked = query_of(
            self._class(class_name),
            where=query.where, order=query.order, limit=query.limit, offset=query.offset, now=self._clock.now(),
        )  # fmt: skip
        return _page(await self._objects.query(class_name, asked, _asker(call)))

    @operation("POST", "/api/objects/{class_name}", role=Role.AGENT, status=201)
    async def create_object(self, call: Call, class_name: str, body: r.NewObject) -> r.Object:
        """Make an object."""
        return _object(await self._objects.create(class_name, body.values, _asker(call)))

    @operation("GET", "/api/objects/{class_name}/{key}", role=Role.AGENT)
    async def object(self, call: Call, class_name: str, key: str) -> r.Object:
        """Return an object by its key; parts of a key of several attributes have commas between."""
        found = await self._objects.get(class_name, key, _asker(call))
        await self._note(found.class_name, found.key)
        return _object(found)

    @operation("PATCH", "/api/objects/{class_name}/{key}", role=Role.AGENT)
    async def change_object(self, call: Call, class_name: str, key: str, body: r.ObjectChange) -> r.Object:
        """Change an object; what the body leaves out stays."""
        asker = _asker(call)
        return _object(await self._objects.change(class_name, key, body.values, asker, version=body.version))

    @operation("DELETE", "/api/objects/{class_name}/{key}", role=Role.AGENT, status=204)
    async def delete_object(self, call: Call, class_name: str, key: str, query: r.VersionQuery) -> None:
        """Delete an object. Its history stays, and with it the way back."""
        await self._objects.delete(class_name, key, _asker(call), version=query.version)

    @operation("GET", "/api/objects/{class_name}/{key}/relations/{relation}", role=Role.AGENT)
    async def related_objects(
        self, call: Call, class_name: str, key: str, relation: str, query: r.RelatedQuery
    ) -> r.ObjectPage:
        """Find the objects that belong to one."""
        named = self._class(class_name).relations.get(relation)
        if named is None:
            raise NotFound(f"{class_name} has no relation “{relation}”.")
        asked = query_of(
            self._class(named.class_name),
            where=query.where, order=query.order, limit=query.limit, offset=query.offset, now=self._clock.now(),
        )  # fmt: skip
        return _page(await self._objects.related(class_name, key, relation, asked, _asker(call)))

    @operation("GET", "/api/objects/{class_name}/{key}/history", role=Role.SUPERVISOR)
    async def object_history(self, call: Call, class_name: str, key: str) -> list[r.ChangeLine]:
        """Tell who changed what of an object from what to what, the newest first."""
        changes = await self._objects.history(class_name, key, _asker(call))
        await self._note(class_name, key)
        return [
            r.ChangeLine(
                id=each.id,
                at=each.at,
                by=each.by,
                role=each.role,
                channel=each.channel,
                address=each.address,
                field=each.field,
                old=each.old,
                new=each.new,
            )
            for each in changes
        ]

    @operation("GET", "/api/objects/{class_name}/{key}/history/{change}", role=Role.SUPERVISOR)
    async def object_before(self, call: Call, class_name: str, key: str, change: str) -> r.PastState:
        """Return an object as it was before a change."""
        state = await self._objects.state(class_name, key, _number(change), _asker(call))
        await self._note(class_name, key)
        return r.PastState(values=dict(state))

    @operation("POST", "/api/objects/{class_name}/{key}/history/{change}/restore", role=Role.SUPERVISOR)
    async def restore_object(self, call: Call, class_name: str, key: str, change: str) -> r.Object:
        """Make an object again what it was before a change; that is a change like any other."""
        return _object(await self._objects.restore(class_name, key, _number(change), _asker(call)))

    async def _note(self, class_name: str, key: str) -> None:
        """Write down that somebody sees a customer, before anything is shown."""
        if self._accesses is not None and self._class(class_name).customer:
            await self._accesses.note(key, "card")

    def _class(self, name: str) -> ObjectClass:
        found = self._objects.model.classes.get(name)
        if found is None:
            raise NotFound(f"There is no class “{name}”.")
        return found


def _asker(call: Call) -> Asker:
    who = call.who
    return Asker(user=who.user.id, role=who.user.role, agent=who.agent or "")


def _number(change: str) -> int:
    if not change.isascii() or not change.isdecimal() or len(change) > 19 or int(change) > _LARGEST_CHANGE:
        raise NotFound("There was no such change.")
    return int(change)


def _object(record: Record) -> r.Object:
    return r.Object(
        class_name=record.class_name,
        key=record.key,
        version=record.version,
        values={name: to_plain(value) for name, value in record.values.items()},
    )


def _page(page: Page) -> r.ObjectPage:
    return r.ObjectPage(objects=[_object(record) for record in page.records], more=page.more)


def _may(rule: Rule, of: ObjectClass, asker: Asker) -> bool:
    """Whether there can be an object for which the rule holds."""
    return has_role(rule.who, asker) or (rule.who == "owner" and bool(of.owner))


def _class_line(of: ObjectClass, asker: Asker, language: str) -> r.ClassLine:
    return r.ClassLine(
        name=of.name,
        label=of.label(language),
        customer=of.customer,
        read_only=of.read_only,
        show=of.show,
        open=bool(of.extra),
        attributes=[_attribute(each, of, asker, language) for each in of.fields() if _may(each.read, of, asker)],
        relations=[
            r.RelationLine(
                name=each.name,
                label=label_of(each.labels, each.name, language),
                class_name=each.class_name,
                many=each.many,
            )
            for each in of.relations.values()
            if _may(each.read, of, asker)
        ],
    )


def _attribute(
    of: Attribute | ListAttribute | Computed, within: ObjectClass, asker: Asker, language: str
) -> r.AttributeLine:
    label = label_of(of.labels, of.name, language)
    if isinstance(of, Computed):
        return r.AttributeLine(name=of.name, label=label, type=of.type, personal=of.personal)
    writable = not within.read_only and _may(within.write, within, asker) and _may(of.write, within, asker)
    if isinstance(of, ListAttribute):
        return r.AttributeLine(
            name=of.name, label=label, type="list", writable=writable, personal=of.personal, searched=of.search
        )
    return r.AttributeLine(
        name=of.name,
        label=label,
        type=of.kind,
        key=of.key,
        required=of.required,
        writable=writable and not of.key,
        personal=of.personal,
        searched=of.search,
        choices=tuple(
            r.ChoiceLine(name=each.name, label=label_of(each.labels, each.name, language)) for each in of.values
        ),
    )
