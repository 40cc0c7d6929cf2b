"""Find business objects by words; make customers one class of many; tell which changes were made together."""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: Customers that are indexed at a time.
BATCH = 5_000

_ADD = "INSERT INTO object_words (rowid, class_name, words) VALUES (new.id, new.class_name, new.words);"
_TAKE = """
INSERT INTO object_words (object_words, rowid, class_name, words)
VALUES ('delete', old.id, old.class_name, old.words);
"""
SQLITE_INDEX = (
    """
    CREATE VIRTUAL TABLE object_words USING fts5(
        class_name, words, content='object_search', content_rowid='id', detail='column', prefix='1 2 3',
        tokenize="unicode61 remove_diacritics 0 tokenchars '_'"
    )
    """,
    f"CREATE TRIGGER object_search_added AFTER INSERT ON object_search BEGIN {_ADD} END",
    f"CREATE TRIGGER object_search_gone AFTER DELETE ON object_search BEGIN {_TAKE} END",
    f"CREATE TRIGGER object_search_changed AFTER UPDATE ON object_search BEGIN {_TAKE} {_ADD} END",
)
_SPLIT = "SELECT class_name, unnest(string_to_array(words, ' ')), id FROM"
_FILL = f"INSERT INTO object_words (class_name, word, object) {_SPLIT}"
_FORGET = "DELETE FROM object_words USING gone WHERE object_words.object = gone.id"
POSTGRESQL_INDEX = (
    """
    CREATE TABLE object_words (class_name text NOT NULL, word text COLLATE "C" NOT NULL, object bigint NOT NULL)
    """,
    f"{_FILL} object_search",
    # Many objects have the same word: PostgreSQL keeps it once for all of them.
    "CREATE INDEX ix_object_words_word ON object_words (class_name, word)",
    "CREATE INDEX ix_object_words_object ON object_words (object)",
    f"""
    CREATE OR REPLACE FUNCTION object_search_followed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            {_FORGET};
        END IF;
        IF TG_OP <> 'DELETE' THEN
            {_FILL} added;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER object_search_added AFTER INSERT ON object_search
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION object_search_followed()
    """,
    """
    CREATE TRIGGER object_search_gone AFTER DELETE ON object_search
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION object_search_followed()
    """,
    """
    CREATE TRIGGER object_search_changed AFTER UPDATE ON object_search
    REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION object_search_followed()
    """,
)

_MARIADB_FILL = """
    INSERT INTO object_words (class_name, word, object) SELECT {row}.class_name, split.word, {row}.id FROM {source}
    json_table(
        concat('["', replace({row}.words, ' ', '","'), '"]'),
        '$[*]' COLUMNS (word VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')
    ) AS split
"""
_MARIADB_ADD = _MARIADB_FILL.format(row="NEW", source="")
_MARIADB_TAKE = "DELETE FROM object_words WHERE object = OLD.id"
MARIADB_INDEX = (
    """
    CREATE TABLE object_words (
        class_name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
        word VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
        object BIGINT NOT NULL,
        INDEX ix_object_words_word (class_name, word),
        INDEX ix_object_words_object (object)
    )
    """,
    _MARIADB_FILL.format(row="object_search", source="object_search,"),
    f"CREATE TRIGGER object_search_added AFTER INSERT ON object_search FOR EACH ROW {_MARIADB_ADD}",
    f"CREATE TRIGGER object_search_gone AFTER DELETE ON object_search FOR EACH ROW {_MARIADB_TAKE}",
    f"""
    CREATE TRIGGER object_search_changed AFTER UPDATE ON object_search FOR EACH ROW
    BEGIN {_MARIADB_TAKE}; {_MARIADB_ADD}; END
    """,
)
INDEXES = {"sqlite": SQLITE_INDEX, "postgresql": POSTGRESQL_INDEX, "mariadb": MARIADB_INDEX}


def upgrade() -> None:
    """Take the step."""
    for name in ("record_changes", "acting"):
        op.add_column(name, sa.Column("batch", sa.BigInteger(), nullable=True))
    op.create_table(
        "model_tables",
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_model_tables"),
    )
    op.create_table(
        "object_search",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("class_name", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
    )
    key = ["class_name", "record"]
    op.create_index("ix_object_search_class_name_record", "object_search", key, unique=True)
    _index_customers()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in INDEXES[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
    if sqlite:
        op.execute(sa.text("INSERT INTO object_words (object_words) VALUES ('rebuild')"))
    op.drop_index("ix_customers_name_key", "customers")
    op.drop_index("ix_customers_email_key", "customers")
    if not sqlite:
        for column in ("name_key", "email_key", "updated_at"):
            op.drop_column("customers", column)
        op.alter_column("customers", "email", existing_type=sa.Text(), nullable=True)
        return
    _copy_customers()


def _copy_customers() -> None:
    """Make the table anew: SQLite cannot let a column be empty afterwards. Numbers stay as they are."""
    for statement in (
        """
        CREATE TABLE customers_new (
            id TEXT NOT NULL, name TEXT NOT NULL, email TEXT, attributes JSON NOT NULL,
            CONSTRAINT pk_customers PRIMARY KEY (id)
        )
        """,
        "INSERT INTO customers_new SELECT id, name, email, attributes FROM customers",
        "CREATE TABLE numbers_kept AS SELECT customer, position, number FROM customer_numbers",
        "DROP TABLE customers",
        "ALTER TABLE customers_new RENAME TO customers",
        "DELETE FROM customer_numbers",
        "INSERT INTO customer_numbers (customer, position, number) SELECT * FROM numbers_kept",
        "DROP TABLE numbers_kept",
    ):
        op.execute(sa.text(statement))


def _index_customers() -> None:
    connection = op.get_bind()
    search = sa.table("object_search", sa.column("class_name"), sa.column("record"), sa.column("words"))
    last = ""
    while True:
        rows = connection.execute(
            sa.text("SELECT id, name, email FROM customers WHERE id > :last ORDER BY id LIMIT :batch"),
            {"last": last, "batch": BATCH},
        ).all()
        if not rows:
            return
        numbers: dict[str, list[str]] = {row.id: [] for row in rows}
        found = connection.execute(
            sa.text("SELECT customer, number FROM customer_numbers WHERE customer > :last AND customer <= :until"),
            {"last": last, "until": rows[-1].id},
        )
        for row in found:
            numbers.setdefault(row.customer, []).append("".join(sign for sign in row.number if sign.isdigit()))
        made = [
            {"class_name": "Customer", "record": row.id, "words": words}
            for row in rows
            if (words := _words(f"{row.name} {row.email or ''} {' '.join(numbers[row.id])}"))
        ]
        if made:
            connection.execute(sa.insert(search), made)
        last = rows[-1].id


def _words(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return " ".join(dict.fromkeys(word[:40] for word in re.findall(r"[^\W_]+", plain)))
