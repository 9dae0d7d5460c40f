"""Stores when each hold last changed, so that old ended holds can be deleted.

Rows of earlier releases of Dayar get the migration's time.
"""

from alembic import op

revision = "alerts_0023"
down_revision = "alerts_0022"


def upgrade() -> None:
    op.execute("ALTER TABLE held_people ADD COLUMN changed_at timestamptz DEFAULT now() NOT NULL")
    op.execute("CREATE INDEX ix_held_people_ended ON held_people (changed_at) WHERE NOT is_counted")
