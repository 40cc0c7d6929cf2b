"""A database of somebody else: a shop for music, with the tables of a well-known sample and rows made up here.

Names of tables and columns are as such a company has them, not as we would: capitals, prefixes of keys, a table
between two, a view, a key of two columns, telephone numbers as people typed them.
"""

from __future__ import annotations

from collections.abc import Iterator

_TABLES = """
CREATE TABLE "Artist" ("ArtistId" INTEGER PRIMARY KEY, "Name" VARCHAR(120));
CREATE TABLE "Album" ("AlbumId" INTEGER PRIMARY KEY, "Title" VARCHAR(160) NOT NULL,
    "ArtistId" INTEGER NOT NULL REFERENCES "Artist" ("ArtistId"));
CREATE TABLE "Track" ("TrackId" INTEGER PRIMARY KEY, "Name" VARCHAR(200) NOT NULL,
    "AlbumId" INTEGER REFERENCES "Album" ("AlbumId"), "UnitPrice" NUMERIC(10,2) NOT NULL);
CREATE TABLE "Playlist" ("PlaylistId" INTEGER PRIMARY KEY, "Name" VARCHAR(120));
CREATE TABLE "PlaylistTrack" ("PlaylistId" INTEGER NOT NULL REFERENCES "Playlist" ("PlaylistId"),
    "TrackId" INTEGER NOT NULL REFERENCES "Track" ("TrackId"), PRIMARY KEY ("PlaylistId", "TrackId"));
CREATE TABLE "Customer" ("CustomerId" INTEGER PRIMARY KEY, "FirstName" VARCHAR(40) NOT NULL,
    "LastName" VARCHAR(20) NOT NULL, "Phone" VARCHAR(24), "Email" VARCHAR(60) NOT NULL);
CREATE TABLE "Invoice" ("InvoiceId" INTEGER PRIMARY KEY,
    "CustomerId" INTEGER NOT NULL REFERENCES "Customer" ("CustomerId"), "InvoiceDate" DATE NOT NULL,
    "Total" NUMERIC(10,2) NOT NULL);
CREATE TABLE "InvoiceLine" ("InvoiceId" INTEGER NOT NULL REFERENCES "Invoice" ("InvoiceId"),
    "LineNo" INTEGER NOT NULL, "TrackId" INTEGER NOT NULL REFERENCES "Track" ("TrackId"),
    "Quantity" INTEGER NOT NULL, PRIMARY KEY ("InvoiceId", "LineNo"));
CREATE TABLE "Employee" ("EmployeeId" INTEGER PRIMARY KEY, "LastName" VARCHAR(20) NOT NULL,
    "FirstName" VARCHAR(20), "Title" VARCHAR(30), "ReportsTo" INTEGER REFERENCES "Employee" ("EmployeeId"));
CREATE VIEW "Turnover" AS
    SELECT "CustomerId", SUM("Total") AS "Total" FROM "Invoice" GROUP BY "CustomerId"
"""
_ROWS = """
INSERT INTO "Artist" VALUES (1, 'The Lanterns'), (2, 'Mira & Co')
INSERT INTO "Album" VALUES (1, 'Harbour Lights', 1), (2, 'Low Tide', 1), (3, 'Winter', 2)
INSERT INTO "Track" VALUES (1, 'Quay', 1, 0.99), (2, 'Ebb', 2, 0.99), (3, 'Snow', 3, 1.29), (4, 'Ice', 3, 1.29)
INSERT INTO "Playlist" VALUES (1, 'Sea'), (2, 'Cold')
INSERT INTO "PlaylistTrack" VALUES (1, 1), (1, 2), (2, 3), (2, 4), (2, 2)
INSERT INTO "Customer" VALUES (1, 'Ida', 'Glade', '+49 30 23125001', 'ida@shop.example')
INSERT INTO "Customer" VALUES (2, 'Jon', 'Heath', '030 23125002', 'jon@shop.example')
INSERT INTO "Employee" VALUES (1, 'Lake', 'Ann', 'Manager', NULL)
INSERT INTO "Employee" VALUES (2, 'Reed', 'Zoe', 'Sales', 1), (3, 'Fern', NULL, 'Sales', 1)
INSERT INTO "Invoice" VALUES (1, 1, '2026-01-31', 2.28), (2, 1, '2026-02-28', 0.99), (3, 2, '2026-02-01', 1.29)
INSERT INTO "InvoiceLine" VALUES (1, 1, 1, 1), (1, 2, 3, 1), (2, 1, 2, 1), (3, 1, 4, 1)
"""


def statements() -> Iterator[str]:
    """Give what makes the database and fills it; SQLite and PostgreSQL understand it."""
    yield from (each.strip() for each in _TABLES.split(";"))
    yield from (each for each in _ROWS.strip().splitlines())
