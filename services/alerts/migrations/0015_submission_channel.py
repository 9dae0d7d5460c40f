"""In stored reports, renames the field `road` to `channel`, which is the name in the event."""

from alembic import op

revision = "alerts_0015"
down_revision = "alerts_0014"

TABLES = ("hazards", "hazard_revisions")
RENAMED = """
UPDATE {table}
SET report = ((report::jsonb - 'road') || jsonb_build_object('channel', report::jsonb -> 'road'))::text
WHERE report::jsonb ? 'road'
"""


def upgrade() -> None:
    for table in TABLES:
        op.execute(RENAMED.format(table=table))
