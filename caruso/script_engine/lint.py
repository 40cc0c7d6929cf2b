"""Find mistakes in a script before callers do. Each rule is one function; findings say where and what helps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from caruso.errors import Located, RejectedInput
from caruso.script_engine.expressions import Expression, Origin
from caruso.script_engine.expressions.checker import check, names_used, texts_given
from caruso.script_engine.expressions.names import Names, near
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.flow import (
    Flow,
    branches,
    circles,
    flow_of,
)
from caruso.script_engine.link import Library, called_by
from caruso.script_engine.lint_conditions import check_conditions
from caruso.script_engine.lint_paths import check_paths
from caruso.script_engine.lint_questions import (
    ANSWERS,
    Asked,
    check_question,
    check_recording,
    check_secrets,
    check_sensitive,
    check_spoken,
    missing,
)
from caruso.script_engine.lint_structure import check_structure, happens
from caruso.script_engine.lint_uses import Uses
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import (
    Access,
    Clear,
    Compute,
    Dialog,
    Do,
    End,
    FromObjects,
    Handover,
    Info,
    ObjectNode,
    Place,
    Question,
    Repeat,
    Save,
    Set,
    Texts,
    When,
)
from caruso.script_engine.scope import ROOTS
from caruso.script_engine.turns import ScriptChannel
from caruso.script_engine.wording import primary, spoken_languages

#: What ``call`` and ``agent`` hold; whoever starts a run fills them.
CALL = {
    "contact": Type.TEXT,
    "customer": Type.TEXT,
    "number": Type.TEXT,
    "name": Type.TEXT,
    "dialled": Type.TEXT,
}
AGENT = {"id": Type.TEXT, "name": Type.TEXT}
DIALOG = {"id": Type.TEXT, "version": Type.TEXT, "channel": Type.TEXT, "language": Type.TEXT}
EVENTS = (
    "no-input",
    "no-match",
    "repeat",
    "help",
    "agent",
    "hang-up",
    "time-up",
    "no-options",
    "no-agent",
    "timer",
    "error.loop",
)
#: Findings about expressions that are still told: a script that is wrong throughout takes no longer to check.
MOST_FINDINGS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a script may name. None: not known here, so not checked."""

    queues: frozenset[str] | None = None
    skills: frozenset[str] | None = None
    dispositions: frozenset[str] | None = None
    #: Opening hours.
    hours: frozenset[str] | None = None
    #: ``name.operation``, or ``name.*`` for a service whose operations are not known here.
    services: frozenset[str] | None = None
    #: ``language/file``.
    recordings: frozenset[str] | None = None
    #: Attributes by class; None for a class whose attributes are not known.
    classes: Mapping[str, Mapping[str, Type] | None] | None = None
    #: Where the dialogs that are called are found.
    dialogs: Library | None = None
    call: Mapping[str, Type] = field(default_factory=lambda: CALL)
    agent: Mapping[str, Type] = field(default_factory=lambda: AGENT)


ANYTHING = Known()


def check_files(paths: Iterable[Path], known: Known = ANYTHING) -> tuple[Located, ...]:
    """Check script files; one that cannot be read is a finding too."""
    findings: list[Located] = []
    for path in paths:
        try:
            source = path.read_bytes()
        except OSError as error:
            message = f"cannot be read: {error.strerror}"
            findings.append(Located(rule="unreadable", message=message, file=str(path)))
        else:
            findings += check_source(source, str(path), known)
    return tuple(findings)


def check_source(source: bytes, file: str = "", known: Known = ANYTHING) -> tuple[Located, ...]:
    """Return everything wrong with a script, in the order of its lines."""
    try:
        dialog = load(source, file)
    except RejectedInput as refused:
        return refused.findings
    return check_dialog(dialog, known)


def check_dialog(dialog: Dialog, known: Known = ANYTHING) -> tuple[Located, ...]:
    """Return everything wrong with a script that could be loaded."""
    linter = _Linter(dialog, known)
    linter.everything()
    unique = dict.fromkeys(linter.findings)
    return tuple(sorted(unique, key=lambda finding: (finding.line, finding.column)))


class _Linter:
    """One look at one script."""

    def __init__(self, dialog: Dialog, known: Known) -> None:
        self.dialog = dialog
        self.known = known
        self.findings: list[Located] = []
        self.flow: Flow = flow_of(dialog)
        self.questions = {item.id: item for item in dialog.items.values() if isinstance(item, Question)}
        self.names = self.all_names()
        self.uses = Uses(dialog, self.names.roots, known.classes)

    def everything(self) -> None:
        self.reserved_names()
        self.expressions()
        self.compute_cycles()
        self.references()
        self.written_names()
        self.actions()
        self.handlers()
        self.asked()
        check_paths(self.dialog, self.flow, tuple(self.uses.all()), self.add, self.add_in)
        check_structure(dialog=self.dialog, flow=self.flow, library=self.known.dialogs, report=self.add)
        check_conditions(self.dialog, self.uses.all(), self.add_in)
        self.languages()
        self.missing_texts()
        self.spoken()

    def add(  # the parts of a finding
        self,
        rule: str,
        message: str,
        place: Place,
        attribute: str = "",
        suggestion: str = "",
        level: str = "error",
    ) -> None:
        origin = place.attributes.get(attribute) or Origin(place.line, place.column, attribute)
        self.findings.append(
            Located(
                rule=rule,
                message=message,
                file=self.dialog.file,
                line=origin.line,
                column=origin.column,
                attribute=attribute,
                suggestion=suggestion,
                level=level,
            )
        )

    def add_in(
        self,
        rule: str,
        message: str,
        expression: Expression,
        at: int,
        suggestion: str = "",
        level: str = "error",
    ) -> None:
        line, column = expression.origin.place(at)
        self.findings.append(
            Located(
                rule=rule,
                message=message,
                file=self.dialog.file,
                line=line,
                column=column,
                attribute=expression.origin.attribute,
                suggestion=suggestion,
                level=level,
            )
        )

    # -- Names and expressions --------------------------------------------------------------------------------

    def all_names(self) -> Names:
        dialog, classes = self.dialog, self.known.classes
        roots: dict[str, Mapping[str, Type] | None] = {
            node.name: classes.get(node.class_name) if classes else None for node in dialog.objects.values()
        }
        roots |= {
            "answers": {
                **{item.name: Type.LIST for item in dialog.items.values() if isinstance(item, Repeat)},
                **{item.id: ANSWERS.get(item.type, Type.TEXT) for item in self.questions.values()},
            },
            "vars": {variable.name: variable.type for variable in dialog.variables.values()},
            "result": {action.result: Type.ANY for action in dialog.actions.values() if action.result},
            "call": self.known.call,
            "agent": self.known.agent,
            "dialog": DIALOG,
        }
        return Names(
            roots=roots,
            computed={node.name: node.type for node in dialog.computes.values()},
            options={
                item.id: tuple(option.value for option in item.options)
                for item in self.questions.values()
                if item.options and not any(option.other for option in item.options)
            },
            items=tuple(dialog.items),
            hours=self.known.hours,
        )

    def reserved_names(self) -> None:
        taken = set(ROOTS)
        repeats = (item for item in self.dialog.items.values() if isinstance(item, Repeat))
        nodes: list[ObjectNode | Compute | Repeat] = [
            *self.dialog.objects.values(),
            *self.dialog.computes.values(),
            *repeats,
        ]
        for node in nodes:
            if node.name in taken or (isinstance(node, Repeat) and node.name in self.questions):
                self.add("name-twice", f"the name “{node.name}” is taken", node.place, "name")
            taken.add(node.name)

    def expressions(self) -> None:
        for use in self.uses.all():
            if len(self.findings) >= MOST_FINDINGS:
                return
            names = replace(self.names, roots={**self.names.roots, **use.more}) if use.more else self.names
            for finding in check(use.expression.tree, names, use.wanted):
                self.add_in(finding.rule, finding.message, use.expression, finding.at, finding.suggestion)

    def compute_cycles(self) -> None:
        computes = self.dialog.computes
        edges = {
            node.name: sorted({name for name, _ in names_used(node.value.tree) if name in computes})
            for node in computes.values()
        }
        for circle in circles(edges, edges.__getitem__):
            self.add("compute-cycle", f"works itself out: {' → '.join(circle)}", computes[circle[0]].place, "name")

    # -- What is outside --------------------------------------------------------------------------------------

    def references(self) -> None:
        known = self.known
        for node in self.dialog.objects.values():
            self.known_name("class", node.class_name, known.classes, node.place, "class")
        for item in self.dialog.items.values():
            if isinstance(item, Handover):
                self.known_texts("queue", item.queue, known.queues)
                self.known_texts("skill", item.skill, known.skills)
                if item.voicemail and item.channel is not ScriptChannel.AGENT:
                    message = "only a hand-over to an agent leads to the voicemail"
                    self.add("voicemail-elsewhere", message, item.place, "to")
            elif isinstance(item, End) and item.disposition:
                self.known_name("disposition", item.disposition, known.dispositions, item.place, "disposition")
        for action in self.dialog.actions.values():
            self.known_service(action, known.services)

    def known_service(self, action: Do, known: frozenset[str] | None) -> None:
        if known is None or f"{action.service.partition('.')[0]}.*" not in known:
            self.known_name("service", action.service, known, action.place, "service")

    def known_name(self, kind: str, name: str, known: Iterable[str] | None, place: Place, attribute: str) -> None:
        if known is not None and name not in set(known):
            self.add(f"unknown-{kind}", f"there is no {kind} “{name}”", place, attribute, near(name, known))

    def known_texts(self, kind: str, expression: Expression | None, known: frozenset[str] | None) -> None:
        if expression is None or known is None:
            return
        for text, at in texts_given(expression.tree):
            name = text.partition(":")[0].strip() if kind == "skill" else text
            if name not in known:
                self.add_in(f"unknown-{kind}", f"there is no {kind} “{name}”", expression, at, near(name, known))

    # -- What is written --------------------------------------------------------------------------------------

    def written_names(self) -> None:
        for block in self.dialog.blocks.values():
            for action in block.actions:
                if isinstance(action, Set):
                    self.writable(action.root, action.name, action.place, "name")
                elif isinstance(action, Clear):
                    for root, name in action.names:
                        self.clearable(root, name, action.place)
        for call in called_by(self.dialog):
            for returned in call.returns:
                self.writable(*returned.to, returned.place, "to")
        for item in self.questions.values():
            if item.bind is not None:
                self.bindable(item, *item.bind)

    def clearable(self, root: str, name: str, place: Place) -> None:
        if root == "answers":
            if name not in self.questions:
                suggestion = near(name, self.questions, "answers.{}")
                self.add("unknown-name", f"there is no answers.{name}", place, "names", suggestion)
        else:
            self.writable(root, name, place, "names")

    def bindable(self, item: Question, root: str, name: str) -> None:
        node = self.dialog.objects.get(root)
        if node is None:
            suggestion = near(root, self.dialog.objects)
            self.add("unknown-name", f"there is no object “{root}”", item.place, "bind", suggestion)
        elif item.save is not Save.NEVER:
            self.writable(root, name, item.place, "bind")

    def writable(self, root: str, name: str, place: Place, attribute: str) -> None:
        shown = f"{root}.{name}" if name else root
        node = self.dialog.objects.get(root)
        if root == "vars" or (root == "dialog" and name == "language"):
            known = DIALOG if root == "dialog" else self.dialog.variables
            if name not in known:
                self.add("unknown-name", f"there is no {shown}", place, attribute, near(name, known, root + ".{}"))
        elif node is None:
            suggestion = near(root, ["vars", *self.dialog.objects])
            self.add("unknown-name", f"{shown} cannot be set", place, attribute, suggestion)
        elif node.access is Access.READ:
            suggestion = f'declare “{root}” with access="write"'
            self.add("read-only", f"{shown} may only be read", place, attribute, suggestion)
        else:
            attributes = self.names.roots[root]
            if attributes is not None and name not in attributes:
                suggestion = near(name, attributes, root + ".{}")
                self.add("unknown-name", f"there is no {shown}", place, attribute, suggestion)

    # -- Actions and events -----------------------------------------------------------------------------------

    def actions(self) -> None:
        for action in self.dialog.actions.values():
            if action.when is When.NOW and not action.has_failure:
                self.add(
                    "no-failure-branch",
                    f"nothing is said about what happens when {action.service} fails",
                    action.place,
                    suggestion='add <on-failure>, or when="background"',
                )
            if action.when is not When.NOW:
                for name in branches(action):
                    for transition in self.dialog.blocks[name].nexts:
                        self.add("next-in-background", "nobody waits there for a <next>", transition.place)
        for block in self.dialog.blocks.values():
            shadowed = False
            for transition in block.nexts:
                if shadowed:
                    self.add(
                        "shadowed-next",
                        "one without condition stands before it",
                        transition.place,
                        level="warning",
                    )
                shadowed = shadowed or transition.condition is None

    def handlers(self) -> None:
        happening = happens(self.dialog, self.known.dialogs)
        if happening is None:
            return  # what the dialogs throw that are called here is not known
        for handler in (*self.dialog.handlers, *(h for item in self.dialog.items.values() for h in item.handlers)):
            for event in sorted(handler.events):
                if event not in EVENTS and event not in happening:
                    suggestion = near(event, [*EVENTS, *happening])
                    self.add("unknown-event", f"there is no event “{event}”", handler.place, "event", suggestion)

    # -- Questions --------------------------------------------------------------------------------------------

    def asked(self) -> None:
        for item in self.questions.values():
            channels = self.flow.channels.get(item.id, frozenset())
            check_question(Asked(dialog=self.dialog, item=item, channels=channels, report=self.add))
            if item.from_objects is not None:
                self.offered(item.from_objects)
        check_secrets(self.dialog, self.add)
        check_sensitive(self.dialog, self.add)

    def offered(self, of: FromObjects) -> None:
        self.known_name("class", of.class_name, self.known.classes, of.place, "class")
        attributes = (self.known.classes or {}).get(of.class_name)
        for attribute, name in (("value", of.value), ("show", of.show)):
            if attributes is not None and name not in attributes:
                message = f"{of.class_name} has no “{name}”"
                self.add("unknown-name", message, of.place, attribute, near(name, attributes))

    # -- Texts ------------------------------------------------------------------------------------------------

    def languages(self) -> None:
        spoken = {primary(language) for language in self.dialog.languages}
        for language in self.dialog.languages:
            if primary(language) not in spoken_languages():
                message = f"in “{language}” prompts and complaints of the engine itself are in English"
                self.add("unspoken-language", message, self.dialog.place, "languages", level="warning")
        for _, texts in self.all_texts():
            for text in texts:
                if text.language and primary(text.language) not in spoken:
                    message = f"“{text.language}” is not among the languages of the script"
                    self.add(
                        "unknown-language", message, text.place, "lang", near(text.language, self.dialog.languages)
                    )

    def all_texts(self) -> Iterator[tuple[str, Texts]]:
        for handler in self.dialog.handlers:
            yield "", handler.texts
        for item in self.dialog.items.values():
            yield item.id, item.texts
            if isinstance(item, (Info, Question, End)):
                yield item.id, item.hints
            for handler in item.handlers:
                yield item.id, handler.texts
            if isinstance(item, Question):
                yield from ((item.id, option.texts) for option in item.options)
                yield from ((item.id, rule.texts) for rule in item.checks)
        for action in self.dialog.actions.values():
            yield action.item, action.failure_texts

    def spoken(self) -> None:
        for item, texts in self.all_texts():
            channels = self.flow.channels.get(item, frozenset()) if item else self.dialog.channels
            for text in texts:
                check_spoken(text, channels, self.add)
                if self.known.recordings is not None:
                    check_recording(text, self.dialog.languages, self.known.recordings, self.add)

    def missing_texts(self) -> None:
        for item in self.dialog.items.values():
            channels = self.flow.channels.get(item.id, frozenset())
            asked = isinstance(item, Question)
            self.complete(item.texts, channels, item.place, f"“{item.id}”", needed=asked)
            if isinstance(item, Question):
                for option in item.options:
                    name = f"the option “{option.value}” of “{item.id}”"
                    self.complete(option.texts, channels, option.place, name, needed=True)
                for rule in item.checks:
                    self.complete(rule.texts, channels, rule.place, f"a check of “{item.id}”", needed=True)

    def complete(
        self, texts: Texts, channels: Iterable[ScriptChannel], place: Place, name: str, *, needed: bool
    ) -> None:
        for channel in sorted(channels):
            lacking = missing(texts, self.dialog.languages, channel, needed=needed)
            if lacking:
                message = f"{name} has no text in {', '.join(lacking)} for the channel {channel}"
                self.add("text-missing", message, place, suggestion=f'add <text lang="{lacking[0]}">')
