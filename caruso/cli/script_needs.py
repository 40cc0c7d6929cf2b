"""What scripts name of the settings, templates of mails and systems to ask, and what of it is not there. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from caruso.errors import Located
from caruso.script_engine.expressions.tree import Literal
from caruso.script_engine.nodes import Dialog, Do
from caruso.toml.source import did_you_mean


def not_set_up(
    dialogs: Iterable[Dialog], templates: Collection[str], targets: Collection[str], *, mails: bool
) -> tuple[Located, ...]:
    """Return a warning for each action that will fail whatever happens: its template or system is not there.

    `mails`: whether a mail server is. What a script works out by an expression is not known before it runs.
    """
    return tuple(
        finding
        for dialog in dialogs
        for action in dialog.actions.values()
        for finding in _of_action(dialog.file, action, templates, targets, mails=mails)
    )


def _of_action(
    file: str, action: Do, templates: Collection[str], targets: Collection[str], *, mails: bool
) -> Iterator[Located]:
    match action.service:
        case "email.send":
            template = _named(action, "template")
            if template is not None and template not in templates:
                near = did_you_mean(template, templates) or "see mail.templates of the settings"
                message = f"there is no template “{template}”, so this mail cannot be sent"
                yield _warning(file, action, "no-mail-template", message, near)
            elif not mails:
                message = "no mail can be sent: the settings have no mail.host"
                yield _warning(file, action, "no-mail-server", message, "")
        case "http.request":
            target = _named(action, "target")
            if target is not None and target not in targets:
                near = did_you_mean(target, targets) or f"add [http.targets.{target}]"
                message = f"the settings name no system “{target}”, so it cannot be asked"
                yield _warning(file, action, "no-http-target", message, near)


def _named(action: Do, name: str) -> str | None:
    """Return a parameter that is written out as a text; None where there is none, or it is worked out."""
    written = next((value.tree for param, value in action.params if param == name), None)
    return written.value if isinstance(written, Literal) and isinstance(written.value, str) else None


def _warning(file: str, action: Do, rule: str, message: str, suggestion: str) -> Located:
    return Located(
        rule=rule,
        message=message,
        file=file,
        line=action.place.line,
        column=action.place.column,
        attribute="service",
        suggestion=suggestion,
        level="warning",
    )
