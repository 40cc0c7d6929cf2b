"""The words by which objects are found as somebody types: one index for all classes, in our own database.

SQLite has them in FTS5, the others in a row for each word, and PostgreSQL in an index of beginnings, too
(`caruso.storage.objects.word_search` looks there). All follow `object_search` by themselves, and index the same
words, which are made here: small letters without accents; telephone numbers are words of digits. The index is
written with the object, so it knows what is written through us; `caruso model index` makes it again where others
write, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert

from caruso.business_objects.model import ObjectClass
from caruso.model.numbers import prefixes
from caruso.script_engine.turns import Value
from caruso.storage.tables.customers import object_search

#: The table in which they are found; the migration makes it.
WORDS = "object_words"
#: Words that are indexed of one object, characters that are kept of one, and words of a question that count.
MOST_WORDS = 100
LONGEST_WORD = 40
MOST_ASKED = 6
_WORD = re.compile(r"[^\W_]+")


def folded(text: str) -> str:
    """Return `text` as it is compared: small letters, without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def words_of(of: ObjectClass, values: Mapping[str, Value]) -> str:
    """Return the words by which an object is found."""
    words: list[str] = []
    for name in of.searched:
        value = values.get(name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, str):
                words += _words(each, is_number=name in of.phones)
    return " ".join(dict.fromkeys(words[:MOST_WORDS]))


def _words(text: str, *, is_number: bool) -> list[str]:
    if is_number:
        digits = "".join(sign for sign in text if sign.isdigit())
        return [digits[:LONGEST_WORD]] if digits else []
    return [word[:LONGEST_WORD] for word in _WORD.findall(folded(text))]


def asked(text: str, region: str) -> list[tuple[str, ...]]:
    """Return, for each word somebody typed, how a word that is meant may begin."""
    numbers = tuple(dict.fromkeys(prefix.lstrip("+") for prefix in prefixes(text, region)))
    if numbers:
        return [numbers]
    return [(word,) for word in _words(text, is_number=False)[:MOST_ASKED]]


def index(connection: Connection, of: ObjectClass, key: str, values: Mapping[str, Value] | None) -> None:
    """Write the words of an object, or forget those of one that is gone."""
    if not of.searched:
        return
    connection.execute(
        delete(object_search).where(object_search.c.class_name == of.name, object_search.c.record == key)
    )
    if values is not None and (words := words_of(of, values)):
        connection.execute(insert(object_search), [row_of(of, key, words)])


def row_of(of: ObjectClass, key: str, words: str) -> dict[str, Any]:
    """Return a row of the index."""
    return {"class_name": of.name, "record": key, "words": words}


def forget(connection: Connection, of: ObjectClass) -> None:
    """Forget all words of a class, before they are written again."""
    connection.execute(delete(object_search).where(object_search.c.class_name == of.name))


def write(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of objects that are not indexed yet."""
    if rows:
        connection.execute(insert(object_search), [dict(row) for row in rows])
