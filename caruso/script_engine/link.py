"""Put the dialogs that a dialog calls in their places, so that one path leads through all of them.

Items, blocks, actions and data of a called dialog are named ``call/…``; its expressions stay as they are, because
each item knows in which `Frame` they are read. What is called is found by name, and its version is pinned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from caruso.errors import Located, RejectedInput
from caruso.script_engine.flow import leading_to
from caruso.script_engine.nodes import (
    Access,
    Action,
    AnyItem,
    Block,
    Call,
    Dialog,
    Do,
    Frame,
    Group,
    Handler,
    Handover,
    Leave,
    Next,
    ObjectNode,
    Place,
    Repeat,
    Seat,
    Split,
)

#: Gives the loaded dialog of a name and version, the present one for an empty version; None when there is none.
Library = Callable[[str, str], Dialog | None]

#: Dialogs in dialogs, and items of all of them together.
DEEPEST_CALL = 8
MOST_ITEMS = 20_000


def link(dialog: Dialog, library: Library, pins: Mapping[str, str] | None = None) -> Dialog:
    """Return the dialog with all it calls in it.

    Args:
        dialog: as it was loaded.
        library: where the called ones are found.
        pins: version by call, as `Dialog.pins` of an earlier link; without one the version the call names counts.

    Raises:
        RejectedInput: a dialog is not there, calls itself, or all of it is too large.
    """
    if not any(isinstance(item, Call) and item.first is None for item in dialog.items.values()):
        return dialog
    linker = _Linker(dialog, library, pins or {})
    linker.put(dialog, _Border(prefix="", behind=None, seat=Seat(), chain=(dialog.id,)))
    return linker.linked()


def called_by(dialog: Dialog) -> tuple[Call, ...]:
    """Return the calls written in a dialog, whether they are linked or not."""
    return tuple(item for item in dialog.items.values() if isinstance(item, Call) and "/" not in item.id)


class _Border:
    """Where a dialog is put into another."""

    def __init__(self, *, prefix: str, behind: str | None, seat: Seat, chain: tuple[str, ...]) -> None:
        self.prefix = prefix
        #: Where its last item leads.
        self.behind = behind
        #: Of the call.
        self.seat = seat
        #: Ids of the dialogs around it, itself the last.
        self.chain = chain


class _Linker:
    """Collects the parts of all dialogs."""

    def __init__(self, dialog: Dialog, library: Library, pins: Mapping[str, str]) -> None:
        self.dialog = dialog
        self.library = library
        self.wanted = pins
        self.items: dict[str, AnyItem] = {}
        self.following: dict[str, str | None] = {}
        self.seats: dict[str, Seat] = {}
        self.frames: dict[str, Frame] = {}
        self.blocks: dict[str, Block] = {}
        self.actions: dict[str, Do] = {}
        self.objects: dict[str, ObjectNode] = {}
        self.pins: dict[str, str] = {}

    def linked(self) -> Dialog:
        made = replace(
            self.dialog,
            items=self.items,
            following=self.following,
            seats=self.seats,
            frames=self.frames,
            blocks=self.blocks,
            actions=self.actions,
            objects=self.objects,
            pins=self.pins,
        )
        return replace(made, leading_to=leading_to(made))

    def refuse(self, rule: str, message: str, place: Place, attribute: str) -> RejectedInput:
        origin = place.attributes.get(attribute)
        line, column = (origin.line, origin.column) if origin else (place.line, place.column)
        found = Located(
            rule=rule, message=message, file=self.dialog.file, line=line, column=column, attribute=attribute
        )
        return RejectedInput((found,))

    def put(self, dialog: Dialog, border: _Border) -> None:
        """Add the parts of a dialog under its prefix; calls are followed at once (at most `DEEPEST_CALL` deep)."""
        names = _Names(border.prefix)
        self.put_frames(dialog, border, names)
        self.blocks |= {names(block.id): names.block(block) for block in dialog.blocks.values()}
        self.actions |= {names(action.ref): names.do(action) for action in dialog.actions.values()}
        self.pins |= {names(call): version for call, version in dialog.pins.items()}
        for item in dialog.items.values():
            self.put_item(dialog, item, border, names)

    def put_item(self, dialog: Dialog, item: AnyItem, border: _Border, names: _Names) -> None:
        name, following, seat = names(item.id), dialog.following[item.id], dialog.seats[item.id]
        if len(self.items) >= MOST_ITEMS:
            raise self.refuse("too-many-elements", f"more than {MOST_ITEMS} items in all", item.place, "id")
        moved = self.items[name] = names.item(item, self.blocks[name])
        self.following[name] = border.behind if following is None else names(following)
        self.seats[name] = Seat(
            frame=names(seat.frame),
            repeats=(*border.seat.repeats, *map(names, seat.repeats)),
            groups=(*border.seat.groups, *map(names, seat.groups)),
        )
        if isinstance(moved, Call) and moved.first is None:
            self.follow(moved, border)

    def follow(self, call: Call, border: _Border) -> None:
        """Put the called dialog behind its call."""
        found = self.library(call.dialog, self.wanted.get(call.id, call.version))
        if found is None:
            raise self.refuse("unknown-dialog", f"there is no dialog “{call.dialog}”", call.place, "dialog")
        chain = (*border.chain, found.id)
        if found.id in border.chain or len(border.chain) > DEEPEST_CALL:
            raise self.refuse("dialog-circle", f"calls itself: {' → '.join(chain)}", call.place, "dialog")
        prefix = f"{call.id}/"
        self.pins[call.id] = found.version
        self.items[call.id] = replace(call, first=f"{prefix}{found.start}")
        self.put(found, _Border(prefix=prefix, behind=call.leave, seat=self.seats[call.id], chain=chain))

    def put_frames(self, dialog: Dialog, border: _Border, names: _Names) -> None:
        around = self.frames.get(self.seats[border.prefix[:-1]].frame) if border.prefix else None
        shared = {
            name: around.objects[name]
            for name, root in dialog.frames[""].objects.items()
            if around is not None
            and name in around.objects
            and self.same(around.objects[name], dialog.objects[root])
        }
        for frame in dialog.frames.values():
            objects = {name: names(root) for name, root in frame.objects.items()}
            self.frames[names(frame.prefix)] = replace(
                frame,
                prefix=names(frame.prefix),
                objects={name: shared.get(_root_of(root, names), root) for name, root in objects.items()},
                repeats={name: names(item) for name, item in frame.repeats.items()},
                handlers=tuple(map(names.handler, frame.handlers)),
            )
        for root, node in dialog.objects.items():
            if root not in shared:
                self.objects[names(root)] = replace(node, name=names(root))

    def same(self, root: str, node: ObjectNode) -> bool:
        """Whether an object of a called dialog is the one its caller has under that name."""
        outer = self.objects[root]
        may = {Access.READ: 0, Access.WRITE: 1, Access.CREATE: 2}
        return outer.class_name == node.class_name and may[node.access] <= may[outer.access]


def _root_of(root: str, names: _Names) -> str:
    return root.removeprefix(names.prefix)


class _Names:
    """Gives the parts of a called dialog their names."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def __call__(self, name: str) -> str:
        return self.prefix + name

    def maybe(self, name: str | None) -> str | None:
        return None if name is None else self(name)

    def of_item(self, name: str) -> str:
        return self(name) if name else ""

    def block(self, block: Block) -> Block:
        return replace(
            block,
            id=self(block.id),
            item=self.of_item(block.item),
            actions=tuple(map(self.action, block.actions)),
            nexts=self.nexts(block.nexts),
            to=self.maybe(block.to),
            frame=self(block.frame),
        )

    def nexts(self, nexts: Iterable[Next]) -> tuple[Next, ...]:
        return tuple(replace(one, to=self.maybe(one.to), block=self.of_item(one.block)) for one in nexts)

    def action(self, action: Action) -> Action:
        return self.do(action) if isinstance(action, Do) else action

    def do(self, action: Do) -> Do:
        undo = tuple(map(self, action.undo))
        item = self.of_item(action.item)
        return replace(action, ref=self(action.ref), item=item, undo=undo, frame=self(action.frame))

    def handler(self, handler: Handler) -> Handler:
        return replace(handler, block=self(handler.block))

    def item(self, item: AnyItem, block: Block) -> AnyItem:
        moved = replace(item, id=self(item.id), block=block, handlers=tuple(map(self.handler, item.handlers)))
        match moved:
            case Group():
                members = tuple(map(self, moved.members))
                return replace(moved, first=self(moved.first), leave=self(moved.leave), members=members)
            case Repeat():
                questions, inner = tuple(map(self, moved.questions)), tuple(map(self, moved.inner))
                first, leave = self(moved.first), self(moved.leave)
                return replace(moved, first=first, leave=leave, questions=questions, inner=inner)
            case Call():
                return replace(moved, first=self.maybe(moved.first), leave=self(moved.leave))
            case Leave():
                return replace(moved, of=self(moved.of))
            case Split():
                branches = tuple(replace(branch, to=self(branch.to)) for branch in moved.branches)
                return replace(moved, branches=branches)
            case Handover():
                return replace(moved, resume_at=self.maybe(moved.resume_at))
            case _:
                return moved
