"""Find objects by the beginnings of words, as somebody types: one index for all classes, in our own database.

SQLite does it by FTS5, the others by a row for each word: PostgreSQL's GIN index gathers all objects with a word
before it gives the first, and takes 50 to 500 ms for beginnings that many have. All follow `object_search` by
triggers, and index the same words, which are made here: small letters without accents; telephone numbers are words
of digits. The index is written with the object, so it knows what is written through us; `caruso model index` makes
it again where others write, too.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, TextClause, delete, insert, text

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
#: Sorts after every word that begins in the same way.
LAST_CHARACTER = "\U0010ffff"
#: Objects with a word that are counted: one that has more is no rarity.
MOST_COUNTED = 5_000
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


def find(connection: Connection, of: ObjectClass, wanted: Sequence[tuple[str, ...]], limit: int) -> list[str]:
    """Return keys of objects that have, for each word wanted, one that begins so; in no order."""
    if not wanted:
        return []
    if connection.dialect.name == "sqlite":
        match = " AND ".join([f'class_name : "{of.name}"', *(_fts5(each) for each in wanted)])
        return list(connection.execute(_IN_SQLITE, {"match": match, "limit": limit}).scalars())
    return _find_by_rows(connection, of, wanted, limit)


_IN_SQLITE = text(
    "SELECT object_search.record FROM object_words JOIN object_search ON object_search.id = object_words.rowid"
    " WHERE object_words MATCH :match LIMIT :limit"
)


def _find_by_rows(
    connection: Connection, of: ObjectClass, wanted: Sequence[tuple[str, ...]], limit: int
) -> list[str]:
    """Go through the objects with the rarest of the words, and look at each for the others, until it is enough."""
    rarest = 0 if len(wanted) == 1 else _rarest(connection, of, wanted)
    others = [each for place, each in enumerate(wanted) if place != rarest]
    found: dict[str, None] = {}
    for beginning in wanted[rarest]:
        values = {
            "class": of.name,
            "from": beginning,
            "until": beginning + LAST_CHARACTER,
            "limit": limit * 3 // 2,
        }
        likes = {
            f"other{place}_{which}": f"% {each}%"
            for place, each_of in enumerate(others)
            for which, each in enumerate(each_of)
        }
        statement = _by_rows(connection.dialect.name == "postgresql", tuple(len(each) for each in others))
        found |= dict.fromkeys(connection.execute(statement, values | likes).scalars())
    return list(found)[:limit]


def _rarest(connection: Connection, of: ObjectClass, wanted: Sequence[tuple[str, ...]]) -> int:
    """Return the place of the word that the fewest objects have; all that very many have are the same."""

    def count(beginning: str) -> int:
        values = {"class": of.name, "from": beginning, "until": beginning + LAST_CHARACTER, "most": MOST_COUNTED}
        return int(connection.execute(_COUNT, values).scalar_one())

    counts = [sum(count(beginning) for beginning in each) for each in wanted]
    return counts.index(min(counts))


_COUNT = text(
    "SELECT count(*) FROM (SELECT 1 FROM object_words"
    " WHERE class_name = :class AND word >= :from AND word < :until LIMIT :most) AS counted"
)


@functools.cache
def _by_rows(in_postgres: bool, others: tuple[int, ...]) -> TextClause:
    """Return the statement; `others` tells how many beginnings each of the other words may have.

    Order and ``OFFSET 0`` keep PostgreSQL's planner from joining whole tables: few are wanted.
    """
    those = "SELECT object FROM object_words WHERE class_name = :class AND word >= :from AND word < :until"
    each = (
        " OR ".join(f"concat(' ', one.words) LIKE :other{place}_{which}" for which in range(count))
        for place, count in enumerate(others)
    )
    conditions = "".join(f" AND ({condition})" for condition in each)
    if not in_postgres:
        return text(
            f"SELECT one.record FROM ({those}) AS those STRAIGHT_JOIN object_search AS one"  # noqa: S608
            f" ON one.id = those.object WHERE 1 = 1{conditions} LIMIT :limit"
        )
    until_enough, after = ("OFFSET 0", "LIMIT :limit") if others else ("LIMIT :limit", "")
    return text(
        f"SELECT one.record FROM ({those} ORDER BY class_name, word {until_enough}) AS those"  # noqa: S608
        " CROSS JOIN LATERAL (SELECT record, words FROM object_search WHERE id = those.object OFFSET 0) AS one"
        f" WHERE true{conditions} {after}"
    )


def _fts5(beginnings: Iterable[str]) -> str:
    return "words : (" + " OR ".join(f'"{each}" *' for each in beginnings) + ")"
