-- The same as invoices.sql for MariaDB: mariadb < invoices.mariadb.sql
CREATE DATABASE billing;
CREATE TABLE billing.invoice (
    number varchar(20) PRIMARY KEY,
    customer integer NOT NULL,
    amount decimal(12, 2) NOT NULL CHECK (amount >= 0),
    due date NOT NULL,
    deferred_by varchar(200) UNIQUE
);
INSERT INTO billing.invoice (number, customer, amount, due) VALUES
    ('R-1', 7, 120.50, '2026-03-01'),
    ('R-2', 7, 80.00, '2026-04-01');

CREATE FUNCTION billing.balance(of_customer integer) RETURNS decimal(12, 2) READS SQL DATA
    RETURN (SELECT sum(amount) FROM billing.invoice WHERE customer = of_customer);

CREATE PROCEDURE billing.open_invoices(of_customer integer) READS SQL DATA
    SELECT number, amount, due FROM billing.invoice WHERE customer = of_customer ORDER BY due;

DELIMITER //
-- The key of whoever asks is kept beside what was done: asked twice it is done once.
CREATE PROCEDURE billing.defer(which text, days integer, asked_by text) MODIFIES SQL DATA
BEGIN
    DECLARE said text;
    IF NOT EXISTS (SELECT 1 FROM billing.invoice WHERE number = which FOR UPDATE) THEN
        SET said = concat('there is no invoice ', which);
        SIGNAL SQLSTATE '02000' SET MESSAGE_TEXT = said;
    END IF;
    IF days > 30 THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'an invoice is deferred by 30 days at most';
    END IF;
    UPDATE billing.invoice SET due = due + INTERVAL days DAY, deferred_by = asked_by
        WHERE number = which AND NOT deferred_by <=> asked_by;
END //
DELIMITER ;
