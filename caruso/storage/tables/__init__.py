"""The tables, as SQLAlchemy Core. The migrations build the same; a test compares the two on both engines.

`journal` holds the truth; `contacts`, `recordings` and `voicemails` are projections of it
(`caruso.storage.projection`) and can be made again from it. Names in columns are ids, never foreign keys to other
parts: the past must not depend on what is still configured.
"""

from caruso.storage.tables import (
    callbacks,
    centres,
    changes,
    contacts,
    customers,
    journal,
    recordings,
    runs,
    scripts,
    tasks,
    users,
    voicemails,
)

#: All of them: whoever looks at `metadata` sees every table, whichever module he imported first.
SUBJECTS = (
    callbacks,
    centres,
    changes,
    contacts,
    customers,
    journal,
    recordings,
    runs,
    scripts,
    tasks,
    users,
    voicemails,
)
