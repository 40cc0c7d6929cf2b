"""Types of columns that engines write differently, for migrations. Never changed: these stay what they were."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

#: A moment: text of fixed length in SQLite, where engines know times a time in UTC, to the microsecond.
TIME = (
    sa.String(27)
    .with_variant(sa.DateTime(timezone=True), "postgresql")
    .with_variant(mysql.DATETIME(fsp=6), "mariadb")
)
#: A text that is in a key or index, where a statement names the type of a column that is there already. For new
#: columns ``sa.Text()`` will do (`caruso.storage.adapters.mariadb_types`).
ID = sa.Text().with_variant(mysql.VARCHAR(255, charset="utf8mb4", collation="utf8mb4_nopad_bin"), "mariadb")
