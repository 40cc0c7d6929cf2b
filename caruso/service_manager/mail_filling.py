"""Fill the templates of mails, by jinja2 in its sandbox: ``{{ customer_name }}``.

Numbers and dates are written as the language writes them; in HTML everything is escaped. Every mistake tells file
and line. A server loads this when the first template is filled: jinja2 takes 1.5 MB.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

from caruso.errors import Located, RejectedInput
from caruso.service_manager.mail_templates import (
    LANGUAGE,
    MAX_CHARACTERS,
    TEMPLATE_NAME,
    Message,
    Template,
    read_template,
    wrong,
)

_SUBJECT = re.compile(r"\ASubject:[ \t]*([^\r\n]+)\r?\n(?:[ \t]*(?:\r?\n|\Z))")


def fill(template: Template, values: Mapping[str, Any]) -> Message:
    """Fill a template; raise `RejectedInput` with the place of the mistake."""
    match = _SUBJECT.match(template.text)
    if match is None:
        message = "The first line must be “Subject: …”, and the second empty."
        raise RejectedInput((Located(rule="mail-subject", message=message, file=template.file, line=1),))
    body_line = template.text[: match.end()].count("\n")
    subject = _filled(match[1], template.file, 0, template.language, values, html=False)
    text = _filled(template.text[match.end() :], template.file, body_line, template.language, values, html=False)
    html = ""
    if template.html:
        html = _filled(template.html, template.html_file, 0, template.language, values, html=True)
    return Message(subject=" ".join(subject.split()), text=text, html=html)


def check(template: Template) -> tuple[Located, ...]:
    """Return what is wrong with a template, whatever values it will get."""
    findings: list[Located] = []
    if _SUBJECT.match(template.text) is None:
        message = "The first line must be “Subject: …”, and the second empty."
        findings.append(Located(rule="mail-subject", message=message, file=template.file, line=1))
    for file, source in ((template.file, template.text), (template.html_file, template.html)):
        try:
            tree = _environment(template.language, html=False).parse(source)
        except TemplateSyntaxError as problem:
            findings.append(wrong(file, problem.lineno, f"{problem.message}."))
        else:
            # Other files are out of reach; who names one should hear of it before a customer waits for the mail.
            findings += [
                wrong(file, node.lineno, "A template cannot take in others.")
                for node in tree.find_all((nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport))
            ]
    return tuple(findings)


def read_templates(folder: Path) -> tuple[tuple[Template, ...], tuple[Located, ...]]:
    """Return all templates in a folder, and what is wrong with their names and contents."""
    templates: list[Template] = []
    findings: list[Located] = []
    for file in sorted(folder.glob("*.txt")) if folder.is_dir() else ():
        name, _, language = file.name.removesuffix(".txt").partition(".")
        if not TEMPLATE_NAME.fullmatch(name) or not LANGUAGE.fullmatch(language):
            message = "A template is called like “confirmation.en.txt”: small letters, a language."
            findings.append(Located(rule="mail-template-name", message=message, file=str(file)))
            continue
        try:
            template = read_template(folder, name, language)
        except RejectedInput as problem:
            findings += problem.findings
            continue
        if template is not None:
            templates.append(template)
            findings += check(template)
    return tuple(templates), tuple(findings)


def _filled(
    source: str, file: str, skipped_lines: int, language: str, values: Mapping[str, Any], *, html: bool
) -> str:
    given = {**values, "language": language}
    try:
        template = _environment(language, html=html).from_string(source)
        pieces, length = [], 0
        for piece in template.generate(given):
            pieces.append(piece)
            length += len(piece)
            if length > MAX_CHARACTERS:
                raise RejectedInput((wrong(file, 1, f"The mail would be longer than {MAX_CHARACTERS} signs."),))
        return "".join(pieces)
    except TemplateSyntaxError as problem:
        raise RejectedInput((wrong(file, problem.lineno + skipped_lines, f"{problem.message}."),)) from problem
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as problem:
        line = _line_of(problem) + skipped_lines
        known = ", ".join(sorted(values)[:20]) or "nothing"
        raise RejectedInput((wrong(file, line, f"{problem}.", f"given: {known}"),)) from problem


def _line_of(problem: BaseException) -> int:
    """Return the template's line: jinja2 writes it into the traceback, under the name ``<template>``."""
    line, frame = 1, problem.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == "<template>":
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def _environment(language: str, *, html: bool) -> SandboxedEnvironment:
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return ImmutableSandboxedEnvironment(
        autoescape=html,
        undefined=StrictUndefined,
        finalize=lambda value: _written(value, locale),
        keep_trailing_newline=True,
    )


def _written(value: object, locale: Locale) -> object:
    """Write a value as people of this language do."""
    match value:
        case None:
            return ""
        case Decimal():
            return format_decimal(value or Decimal(0), locale=locale, decimal_quantization=False)
        case datetime():
            return format_datetime(value, format="short", locale=locale)
        case date():
            return format_date(value, format="medium", locale=locale)
        case _:
            return value
