"""Find the keys of objects that have, for each word typed, one that begins so: how each engine does it quickly.

However common the words are, and also when nobody has all of them:

- SQLite: FTS5 takes the intersection. Beginnings longer than `INDEXED` it gathers first, which takes 30 ms for one
  that everybody has: so some objects with the shorter beginnings are looked at before.
- PostgreSQL: objects with the rarest of the words are looked at for the others, when they are few. When they are
  many, GIN indexes take the intersection of beginnings of up to `BEGINNING` characters. Such an index gathers all
  that fit before it gives the first, which takes 10 ms for two words that each 100,000 have, and 150 ms for two
  that a million has. So a few with the rarest word are looked at before (enough where everybody has all of them),
  then the index of one object in `SAMPLE` is asked, and that of all objects at last.
- MariaDB goes through all objects with the rarest of the words until it has enough.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, TextClause, text

from caruso.business_objects.model import ObjectClass

#: Sorts after every word that begins in the same way.
LAST_CHARACTER = "\U0010ffff"
#: Characters of words in SQLite's index of beginnings (``prefix`` in the migration).
INDEXED = 3
#: Objects that SQLite and PostgreSQL look at one by one, if these are all: each may cost three pages.
MOST_LOOKED_AT = 500
#: Characters of words in PostgreSQL's indexes of beginnings (`object_beginnings` in the migration).
BEGINNING = 4
#: Of how many objects one is in PostgreSQL's smaller index of beginnings.
SAMPLE = 16
#: Objects with a word that MariaDB counts: one that has more is no rarity.
MOST_COUNTED = 5_000

#: How a word that is meant may begin.
Beginnings = tuple[str, ...]


def find(connection: Connection, of: ObjectClass, wanted: Sequence[Beginnings], limit: int) -> list[str]:
    """Return keys of objects that have, for each word wanted, one that begins so; in no order."""
    if not wanted:
        return []
    if connection.dialect.name == "sqlite":
        return _in_sqlite(connection, of, wanted, limit)
    if len(wanted) == 1:
        return _until_enough(connection, of, wanted[0], (), limit)
    if connection.dialect.name == "postgresql":
        return _in_postgres(connection, of, wanted, limit)
    rarest, others, _ = _rarest(connection, of, wanted, MOST_COUNTED)
    return _until_enough(connection, of, rarest, others, limit)


# -- A table for full texts ----------------------------------------------------------------------------------

_IN_SQLITE = text(
    "SELECT one.record, one.words FROM object_words JOIN object_search AS one ON one.id = object_words.rowid"
    " WHERE object_words MATCH :match LIMIT :limit"
)


def _in_sqlite(connection: Connection, of: ObjectClass, wanted: Sequence[Beginnings], limit: int) -> list[str]:
    def those(beginnings: Sequence[Iterable[str]], most: int) -> list[tuple[str, str]]:
        match = " AND ".join([f'class_name : "{of.name}"', *(_fts5(each) for each in beginnings)])
        return [(key, words) for key, words in connection.execute(_IN_SQLITE, {"match": match, "limit": most})]

    shorter = [tuple(dict.fromkeys(beginning[:INDEXED] for beginning in each)) for each in wanted]
    if shorter != list(wanted):
        looked_at = those(shorter, MOST_LOOKED_AT)
        found = [key for key, words in looked_at if all(_has(words, each) for each in wanted)]
        if len(found) >= limit or len(looked_at) < MOST_LOOKED_AT:
            return found[:limit]
    return [key for key, _ in those(wanted, limit)]


def _has(words: str, beginnings: Beginnings) -> bool:
    return any(f" {beginning}" in f" {words}" for beginning in beginnings)


def _fts5(beginnings: Iterable[str]) -> str:
    return "words : (" + " OR ".join(f'"{each}" *' for each in beginnings) + ")"


# -- A row for each word -------------------------------------------------------------------------------------


def _until_enough(
    connection: Connection, of: ObjectClass, beginnings: Beginnings, others: Sequence[Beginnings], limit: int
) -> list[str]:
    """Return objects with a word that begins so, and with the others."""
    found: dict[str, None] = {}
    for beginning in beginnings:
        most, complete = _rows_for(limit), False
        while not complete and len(found) < limit:
            keys = _through(connection, of, beginning, others, most)
            found |= dict.fromkeys(keys)
            most, complete = most * 4, len(keys) < most
    return list(found)[:limit]


def _in_postgres(connection: Connection, of: ObjectClass, wanted: Sequence[Beginnings], limit: int) -> list[str]:
    rarest, others, count = _rarest(connection, of, wanted, MOST_LOOKED_AT)
    most = MOST_LOOKED_AT if count < MOST_LOOKED_AT else _rows_for(limit)
    looked_at = (_through(connection, of, each, others, most) for each in rarest)
    found = list(dict.fromkeys(key for keys in looked_at for key in keys))
    if count < MOST_LOOKED_AT or len(found) >= limit:
        return found[:limit]
    found = _by_index(connection, of, wanted, limit, sample=True)
    return found if len(found) >= limit else _by_index(connection, of, wanted, limit, sample=False)


def _rows_for(objects: int) -> int:
    """Return how many rows of a word to read for some objects: an object may have several words that begin so."""
    return objects * 3 // 2


def _by_index(
    connection: Connection, of: ObjectClass, wanted: Sequence[Beginnings], limit: int, *, sample: bool
) -> list[str]:
    starts = {
        f"start{place}": [f"{of.name} {beginning[:BEGINNING]}" for beginning in each]
        for place, each in enumerate(wanted)
    }
    statement = _by_beginnings(tuple(len(each) for each in wanted), sample)
    return list(connection.execute(statement, {**starts, **_likes(wanted), "limit": limit}).scalars())


def _through(
    connection: Connection, of: ObjectClass, beginning: str, others: Sequence[Beginnings], most: int
) -> Sequence[str]:
    """Return which of the objects with one word have the others, too; see `_through_one` for `most`."""
    statement = _through_one(connection.dialect.name == "postgresql", tuple(len(each) for each in others))
    values = {"class": of.name, "from": beginning, "until": beginning + LAST_CHARACTER, "most": most}
    return connection.execute(statement, {**values, **_likes(others)}).scalars().all()


def _rarest(
    connection: Connection, of: ObjectClass, wanted: Sequence[Beginnings], most: int
) -> tuple[Beginnings, list[Beginnings], int]:
    """Return the word with the fewest rows, the others, and how many it has; all that have `most` are the same."""
    counts = _counts(connection, of, wanted, most)
    place = counts.index(min(counts))
    return wanted[place], [*wanted[:place], *wanted[place + 1 :]], counts[place]


def _counts(connection: Connection, of: ObjectClass, wanted: Sequence[Beginnings], most: int) -> list[int]:
    """Return how many rows each of the words has, counted up to `most` for each of its beginnings."""
    values: dict[str, object] = {"class": of.name, "most": most}
    for place, each_of in enumerate(wanted):
        for which, beginning in enumerate(each_of):
            values[f"from{place}_{which}"] = beginning
            values[f"until{place}_{which}"] = beginning + LAST_CHARACTER
    return list(connection.execute(_count(tuple(len(each) for each in wanted)), values).one())


@functools.cache
def _count(words: tuple[int, ...]) -> TextClause:
    """Return the statement that counts; `words` tells how many beginnings each may have."""
    sums = (
        " + ".join(
            "(SELECT count(*) FROM (SELECT 1 FROM object_words WHERE class_name = :class"  # noqa: S608 -- numbers of parameters
            f" AND word >= :from{place}_{which} AND word < :until{place}_{which} LIMIT :most) AS counted{which})"
            for which in range(count)
        )
        for place, count in enumerate(words)
    )
    return text("SELECT " + ", ".join(sums))


@functools.cache
def _through_one(in_postgres: bool, others: tuple[int, ...]) -> TextClause:
    """Return the statement that looks at objects with one word; `others` tells how many beginnings each may have.

    PostgreSQL ends after `most` rows of the word, MariaDB after as many that have the others, too. Order and
    ``OFFSET 0`` keep PostgreSQL's planner from joining whole tables: few are wanted.
    """
    those = "SELECT object FROM object_words WHERE class_name = :class AND word >= :from AND word < :until"
    if not in_postgres:
        return text(
            f"SELECT one.record FROM ({those}) AS those STRAIGHT_JOIN object_search AS one"  # noqa: S608 -- only names of parameters
            f" ON one.id = those.object WHERE {_are_there(others)} LIMIT :most"
        )
    return text(
        f"SELECT one.record FROM ({those} ORDER BY class_name, word LIMIT :most) AS those"  # noqa: S608 -- only names of parameters
        " CROSS JOIN LATERAL (SELECT record, words FROM object_search WHERE id = those.object OFFSET 0) AS one"
        f" WHERE {_are_there(others)}"
    )


@functools.cache
def _by_beginnings(words: tuple[int, ...], sample: bool) -> TextClause:
    """Return the statement that takes the intersection; `words` tells how many beginnings each may have.

    Of a `sample` it finds only those among one object in `SAMPLE`. Planned by itself: with the limit in mind
    PostgreSQL might go through the table instead, and with words that nobody has together to its end.
    """
    starts = " AND ".join(
        f"object_beginnings(class_name, words) && CAST(:start{place} AS text[])" for place in range(len(words))
    )
    among = f"id % {SAMPLE} = 0 AND {starts}" if sample else starts
    return text(
        f"WITH one AS MATERIALIZED (SELECT record, words FROM object_search WHERE {among})"  # noqa: S608 -- only names of parameters
        f" SELECT record FROM one WHERE {_are_there(words)} LIMIT :limit"
    )


def _are_there(words: tuple[int, ...]) -> str:
    """Return the condition that an object `one` has words that begin as `_likes` says."""
    each = (
        " OR ".join(f"concat(' ', one.words) LIKE :like{place}_{which}" for which in range(count))
        for place, count in enumerate(words)
    )
    return " AND ".join(["1 = 1", *(f"({condition})" for condition in each)])


def _likes(words: Sequence[Beginnings]) -> Mapping[str, str]:
    return {
        f"like{place}_{which}": f"% {beginning}%"
        for place, each in enumerate(words)
        for which, beginning in enumerate(each)
    }
