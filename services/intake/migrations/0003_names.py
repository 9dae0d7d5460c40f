"""Renames constraints by the convention of `shared.postgres.models`.

Old releases still work with the new names, because no release refers to a constraint by its name.
"""

from alembic import op

revision = "intake_0003"
down_revision = "intake_0002"

TABLES = ("feeds", "feed_counts", "feed_hazards", "feed_aliases", "feed_set_aside")
REFERENCE = (
    "ALTER TABLE feed_aliases RENAME CONSTRAINT feed_aliases_hazard_id_fkey TO fk_feed_aliases_hazard_id_feed_hazards"
)


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {table}_pkey TO pk_{table}")
    op.execute(REFERENCE)
