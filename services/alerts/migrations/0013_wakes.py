"""Sends NOTIFY for a changed receiver, and for a new delivery without a lease."""

from alembic import op

revision = "alerts_0013"
down_revision = "alerts_0012"

WAKE = """
CREATE OR REPLACE FUNCTION wake_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added WHERE lease IS NULL) THEN
        PERFORM pg_notify(TG_TABLE_SCHEMA || '_deliveries', '');
    END IF;
    RETURN NULL;
END $$
"""
WAKE_TRIGGER = """
CREATE TRIGGER wake_deliveries AFTER INSERT ON deliveries REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION wake_deliveries()
"""
RECEIVERS = """
CREATE FUNCTION note_receivers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_TABLE_SCHEMA || '_receivers', '');
    RETURN NULL;
END $$
"""
RECEIVERS_TRIGGER = """
CREATE TRIGGER note_receivers AFTER INSERT OR UPDATE OR DELETE ON receivers
FOR EACH STATEMENT EXECUTE FUNCTION note_receivers()
"""


def upgrade() -> None:
    for statement in ("DROP TRIGGER wake_deliveries ON deliveries", WAKE, WAKE_TRIGGER, RECEIVERS, RECEIVERS_TRIGGER):
        op.execute(statement)
