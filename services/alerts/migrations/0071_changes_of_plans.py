"""Renames the trigger and the NOTIFY channel for changes of the notification plan.

The plan consists of receivers, policies, rosters, overrides and silences. The previous release's worker listens to the
old channel, so each change is sent on both channels.
"""

from alembic import op

revision = "alerts_0071"
down_revision = "alerts_0070"

TABLES = ("receivers", "escalation_policies", "rosters", "roster_overrides", "silences")
FUNCTION = """
CREATE FUNCTION note_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_TABLE_SCHEMA || '_plans', '');
    PERFORM pg_notify(TG_TABLE_SCHEMA || '_receivers', '');
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER note_plan AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION note_plan()
"""


def upgrade() -> None:
    op.execute(FUNCTION)
    for table in TABLES:
        op.execute(f"DROP TRIGGER note_receivers ON {table}")
        op.execute(TRIGGER.format(table=table))
    op.execute("DROP FUNCTION note_receivers()")
