"""Lets the registry find displacements that have no numbers of assessed persons.

During an update, a worker of the previous release of Dayar may store a displacement without numbers. If the default
were 0, the figures would never count the assessed persons of a displacement without numbers. The numbers have no
default: they are NULL until the new worker computes them.
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
    # The previous release of Dayar also uses this index, when it looks for rows without ages.
    op.execute(
        "CREATE INDEX ix_episodes_without_numbers ON episodes (household_id) WHERE ages IS NULL OR assessed IS NULL"
    )
    op.execute("DROP INDEX ix_episodes_without_ages")
