-- What the owner of the database lets others do.
CREATE SCHEMA billing;
CREATE TABLE billing.invoice (
    number text PRIMARY KEY,
    customer integer NOT NULL,
    amount numeric(12, 2) NOT NULL CHECK (amount >= 0),
    due date NOT NULL,
    deferred_by text UNIQUE
);
INSERT INTO billing.invoice (number, customer, amount, due) VALUES
    ('R-1', 7, 120.50, '2026-03-01'),
    ('R-2', 7, 80.00, '2026-04-01');

CREATE FUNCTION billing.balance(of_customer integer) RETURNS numeric LANGUAGE sql STABLE
AS 'SELECT sum(amount) FROM billing.invoice WHERE customer = of_customer';

CREATE FUNCTION billing.open_invoices(of_customer integer) RETURNS TABLE (number text, amount numeric, due date)
LANGUAGE sql STABLE
AS 'SELECT number, amount, due FROM billing.invoice WHERE customer = of_customer ORDER BY due';

-- The key of whoever asks is kept beside what was done: asked twice it is done once.
CREATE PROCEDURE billing.defer(which text, days integer, asked_by text) LANGUAGE plpgsql
AS '
BEGIN
    PERFORM 1 FROM billing.invoice WHERE number = which FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION no_data_found USING MESSAGE = ''there is no invoice '' || which;
    END IF;
    IF days > 30 THEN
        RAISE EXCEPTION ''an invoice is deferred by 30 days at most'';
    END IF;
    UPDATE billing.invoice SET due = due + days, deferred_by = asked_by
        WHERE number = which AND deferred_by IS DISTINCT FROM asked_by;
END';
