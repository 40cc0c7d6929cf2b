"""The only SQL: tables, migrations, journal, customers, users."""
