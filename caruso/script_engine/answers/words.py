"""Read texts, telephone numbers, e-mail addresses and digits."""

from __future__ import annotations

import re

from caruso.script_engine.answers.asked import Asked, Misread, Read

#: Characters of a line, of a memo, of an e-mail address (RFC 5321, 4.5.3.1).
LONGEST_LINE, LONGEST_MEMO, LONGEST_ADDRESS = 4_000, 10_000, 254
#: Digits of a telephone number.
PHONE_DIGITS = (3, 15)

_BLANKS = re.compile(r"[\s\u00a0\u202f]+")
_LINE_ENDS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_LOCAL = re.compile(r"[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,64}")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]")


def line(asked: Asked, text: str) -> Read:
    """Return a text of one line."""
    text = _LINE_ENDS.sub(" ", text).strip()
    return text if len(text) <= LONGEST_LINE else Misread("too-long")


def memo(asked: Asked, text: str) -> Read:
    """Return a text of many lines, with plain line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return text if len(text) <= LONGEST_MEMO else Misread("too-long")


def phone(asked: Asked, text: str) -> Read:
    """Return a telephone number without blanks, in ``+`` form where it was international."""
    plain = re.sub(r"[\s\u00a0()/.-]", "", text)
    plain = f"+{plain[2:]}" if plain.startswith("00") else plain
    low, high = PHONE_DIGITS
    return plain if re.fullmatch(rf"\+?[0-9]{{{low},{high}}}", plain) else Misread("not-phone")


def email(asked: Asked, text: str) -> Read:
    """Return an e-mail address, its domain in small letters."""
    local, at, domain = text.rpartition("@")
    domain = domain.lower()
    if not at or len(text) > LONGEST_ADDRESS or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return Misread("not-email")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        return Misread("not-email")
    return f"{local}@{domain}"


def digits(asked: Asked, text: str) -> Read:
    """Return digits, as many as the question's `input` says."""
    plain = _BLANKS.sub("", text)
    rule = asked.question.input
    if not (plain.isascii() and plain.isdigit()):
        return Misread("not-digits")
    if rule is not None and rule.minimum is not None and len(plain) < rule.minimum:
        return Misread("too-few-digits", {"limit": str(rule.minimum)})
    if rule is not None and rule.maximum is not None and len(plain) > rule.maximum:
        return Misread("too-many-digits", {"limit": str(rule.maximum)})
    return plain if len(plain) <= LONGEST_LINE else Misread("too-long")
