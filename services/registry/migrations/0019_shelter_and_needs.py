"""Adds the kind of shelter and the needs of displaced people, for figures.

The new columns are empty in earlier rows.
"""

from alembic import op

revision = "registry_0019"
down_revision = "registry_0018"

TABLES = ("episodes", "stays", "passages", "counts", "group_stays")


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN shelter text, ADD COLUMN needs text[], ADD COLUMN evacuation text")
