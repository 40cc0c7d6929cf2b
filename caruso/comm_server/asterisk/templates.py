"""The lines an Asterisk needs to work with Caruso, as templates: one source for documentation, demo and tests.

Fills `@name@` places; the files themselves are in ``config/``. Knows nothing of a running Asterisk.
"""

from __future__ import annotations

import re
from importlib import resources

#: Configuration files of Asterisk for which there are lines.
TEMPLATES = (
    "ari.conf",
    "extensions.conf",
    "http.conf",
    "http-tls.conf",
    "manager.conf",
    "pjsip.conf",
    "sorcery.conf",
    "stasis.conf",
)

_PLACE = re.compile(r"@([a-z_]+)@")


def render(name: str, values: dict[str, str]) -> str:
    """Return the lines for Asterisk's file `name`; a place without a value is a `KeyError`."""
    text = resources.files(__package__).joinpath("config", name).read_text(encoding="utf-8")
    return _PLACE.sub(lambda place: values[place.group(1)], text)
