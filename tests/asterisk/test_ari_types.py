"""The generated ARI types fit the Asterisk in use."""

from __future__ import annotations

from lab.asterisk import find_asterisk
from lab.generate_ari import TARGET, generate, load


def test_the_generated_types_are_what_asterisks_own_api_docs_say() -> None:
    assert TARGET.read_text(encoding="utf-8") == generate(load(find_asterisk().data / "rest-api"))
