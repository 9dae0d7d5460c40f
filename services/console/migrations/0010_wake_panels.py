"""Adds a trigger. After each commit of the worker, the trigger notifies the requests that wait for new data."""

from alembic import op

revision = "console_0010"
down_revision = "console_0009"

WAKE = """
CREATE FUNCTION wake_panels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('console_positions', '');
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER wake_panels AFTER INSERT OR UPDATE ON consumer_offsets
FOR EACH STATEMENT EXECUTE FUNCTION wake_panels()
"""


def upgrade() -> None:
    op.execute(WAKE)
    op.execute(TRIGGER)
