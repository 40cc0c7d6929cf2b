"""Business objects in databases: found, written, audited. `store.Objects` is what the rest of the house uses.

`mapping` makes tables of classes, `conditions` turns conditions into SQL, `rows` reads, `writing` writes, `search`
finds words, `reflect` and `compare` hold models against databases. Statements are SQLAlchemy Core throughout.
"""
