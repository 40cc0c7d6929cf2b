"""The triggers that write the audit in PostgreSQL: one function for all tables."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from caruso.storage.audited import CHANGED, CHANGES, PREFIX, SECRET, AuditedTable, literal, quoted, trigger_name

#: Setting of a transaction: the actor as JSON.
SETTING = "caruso.actor"

FUNCTION = f"""
CREATE OR REPLACE FUNCTION {PREFIX}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    actor jsonb := coalesce(nullif(current_setting('{SETTING}', true), ''), '{{}}')::jsonb;
    before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    after jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    whole jsonb := coalesce(after, before);
    record text;
    secret text;
BEGIN
    IF EXISTS (SELECT 1 FROM audit_off WHERE class_name = TG_ARGV[0]) OR before = after THEN
        RETURN NULL;
    END IF;
    SELECT CASE
        WHEN count(*) = 1 THEN max(whole ->> name)
        ELSE string_agg(replace(replace(whole ->> name, '%', '%25'), ',', '%2C'), ',' ORDER BY place)
    END INTO record FROM jsonb_array_elements_text(TG_ARGV[1]::jsonb) WITH ORDINALITY AS parts (name, place);
    FOREACH secret IN ARRAY TG_ARGV[2:] LOOP
        IF before ->> secret <> after ->> secret THEN
            after := jsonb_set(after, ARRAY[secret], '"{CHANGED}"');
        ELSIF after IS NOT NULL THEN
            after := jsonb_set(after, ARRAY[secret], '"{SECRET}"');
        END IF;
        IF before IS NOT NULL THEN
            before := jsonb_set(before, ARRAY[secret], '"{SECRET}"');
        END IF;
    END LOOP;
    INSERT INTO record_changes (
        at, "by", role, channel, address, class_name, record, table_name, change, old, new, batch
    )
    VALUES (
        clock_timestamp(), coalesce(actor ->> 'user', ''), coalesce(actor ->> 'role', ''),
        coalesce(actor ->> 'channel', ''), coalesce(actor ->> 'address', ''),
        TG_ARGV[0], record, TG_TABLE_NAME, lower(TG_OP), before, after, txid_current()
    );
    RETURN NULL;
END $$
"""  # noqa: S608 -- names of our own

REFUSAL = f"""
CREATE OR REPLACE FUNCTION {PREFIX}_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE of % would leave no trace: use DELETE', TG_TABLE_NAME;
END $$
"""


def triggers(audited: AuditedTable) -> Iterator[str]:
    """Give the statements that make the triggers of a table."""
    table = quoted(audited.table.name)
    record = msgspec.json.encode(audited.record).decode()
    arguments = ", ".join(literal(value) for value in (audited.class_name, record, *audited.secret))
    for change in CHANGES:
        yield (
            f"CREATE TRIGGER {quoted(trigger_name(audited, change))} AFTER {change} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {PREFIX}({arguments})"
        )
    yield (
        f"CREATE TRIGGER {quoted(trigger_name(audited, 'truncate'))} BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {PREFIX}_truncate()"
    )
