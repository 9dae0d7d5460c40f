"""Each change of a receiver, policy, roster, override or silence sends NOTIFY, so that workers read them again."""

from alembic import op

revision = "alerts_0066"
down_revision = "alerts_0065"

TABLES = ("escalation_policies", "rosters", "roster_overrides", "silences")


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"""
            CREATE TRIGGER note_receivers AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION note_receivers()
        """)
