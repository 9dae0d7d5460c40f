"""Stores how many people of a count are left after movements, and how many people moved."""

from alembic import op

revision = "registry_0017"
down_revision = "registry_0016"

STAYS = """
CREATE TABLE group_stays (
    LIKE counts INCLUDING GENERATED,
    number integer NOT NULL,
    sub_stock text NOT NULL,
    CONSTRAINT pk_group_stays PRIMARY KEY (report_id, number)
)
"""
STATEMENTS = (
    STAYS,
    "ALTER TABLE group_stays DROP COLUMN population, DROP COLUMN superseded_by, DROP COLUMN covers_site",
    "ALTER TABLE group_stays ALTER COLUMN counted_at SET NOT NULL, ALTER COLUMN stock_id SET NOT NULL",
    "CREATE INDEX ix_group_stays_status_occurred_at ON group_stays (status, occurred_at)",
    "CREATE INDEX ix_group_stays_group_id ON group_stays (group_id)",
    """
    CREATE TRIGGER renew_data_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON group_stays
    FOR EACH STATEMENT EXECUTE FUNCTION renew_data_version()
    """,
    """
    ALTER TABLE counts ADD COLUMN sub_stock text, ADD COLUMN movement_id uuid, ADD COLUMN changed_at timestamptz,
        ADD COLUMN displaced integer, ADD COLUMN returned integer, ADD COLUMN settled integer
    """,
    "CREATE INDEX ix_counts_movement_id ON counts (movement_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
