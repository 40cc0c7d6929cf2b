"""Read the templates of mails: ``<name>.<language>.txt`` and, if wanted, ``<name>.<language>.html``.

The first line of the text is ``Subject: …``, an empty line follows, then what the mail says. What is filled in is
`mail_filling`'s. Every mistake tells file and line. Knows no mail server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from caruso.errors import Located, RejectedInput

#: No template is longer; a file that is was not meant.
MAX_BYTES = 200_000
#: No mail is longer, whatever its template makes of its values.
MAX_CHARACTERS = 1_000_000
#: Names of templates; they become file names.
TEMPLATE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a mail says."""

    subject: str
    text: str
    #: The same for people who like it coloured; empty when there is none.
    html: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template in one language, as it was read."""

    name: str
    language: str
    #: As people know them.
    file: str
    text: str
    html_file: str = ""
    html: str = ""


def template_names(folder: Path) -> frozenset[str]:
    """Return the names of the templates in a folder, whatever is in them; none where there is no folder."""
    return frozenset(file.name.partition(".")[0] for file in folder.glob("*.*.txt"))


def file_names(name: str, language: str, fallback: str) -> tuple[tuple[str, str], ...]:
    """Return the languages to look a template up in, best first, each with the beginning of its files' names.

    ``de-AT`` looks for ``de-AT``, ``de``, then for the `fallback`.
    """
    wanted = (language, language.partition("-")[0], fallback, fallback.partition("-")[0])
    return tuple((tongue, f"{name}.{tongue}") for tongue in dict.fromkeys(wanted) if tongue)


def read_template(folder: Path, name: str, language: str) -> Template | None:
    """Return a template in exactly this language, or None; raise `RejectedInput` for one that cannot be read."""
    file, html_file = (folder / f"{name}.{language}.{ending}" for ending in ("txt", "html"))
    text = _read(file)
    if text is None:
        return None
    html = _read(html_file)
    return Template(
        name=name,
        language=language,
        file=str(file),
        text=text,
        html_file=str(html_file) if html is not None else "",
        html=html or "",
    )


def _read(file: Path) -> str | None:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise RejectedInput((wrong(str(file), 0, f"The file is longer than {MAX_BYTES} bytes."),))
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise RejectedInput((wrong(str(file), 0, f"{problem.strerror}."),)) from problem
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise RejectedInput((wrong(str(file), line, "The file is not UTF-8."),)) from problem


def wrong(file: str, line: int, message: str, suggestion: str = "") -> Located:
    """Return what is wrong with a template."""
    return Located(rule="mail-template", message=message, file=file, line=line, suggestion=suggestion)
