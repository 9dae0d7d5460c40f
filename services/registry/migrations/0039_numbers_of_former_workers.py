"""Marks the displacements that a worker of a former release stores, so that their assessed persons are counted later.

During an update, such a worker may store a household of which somebody was asked about functioning. With the default 0,
the figures would never count these persons. Without a default, the numbers are NULL until the worker computes them.
"""

from alembic import op

revision = "registry_0039"
down_revision = "registry_0038"

TABLES = ("episodes", "stays", "passages")
NUMBERS = ("assessed", "with_disability")


def upgrade() -> None:
    changes = ", ".join(f"ALTER COLUMN {name} DROP {what}" for name in NUMBERS for what in ("NOT NULL", "DEFAULT"))
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} {changes}")
    # A former release, which looks for rows without ages, can use the new index, too.
    op.execute(
        "CREATE INDEX ix_episodes_without_numbers ON episodes (household_id) WHERE ages IS NULL OR assessed IS NULL"
    )
    op.execute("DROP INDEX ix_episodes_without_ages")
