"""Stores the version of the rules for the rows about a household's sites, so that older rows are made again.

Rows of `households` that the previous release of Dayar writes get the default 0. The rows of the previous release of
Dayar may be wrong, because it does not know the table `site_residents`. The rows of all households at sites are made
again once.
"""

from alembic import op

revision = "registry_0062"
down_revision = "registry_0061"


def upgrade() -> None:
    # two steps: PostgreSQL sets the first default in existing rows without rewriting the table. New rows get the second
    # default
    op.execute("ALTER TABLE households ADD COLUMN site_rows smallint NOT NULL DEFAULT 1")
    op.execute("ALTER TABLE households ALTER COLUMN site_rows SET DEFAULT 0")
    op.execute(
        "UPDATE households SET site_rows = 0 WHERE household_id IN (SELECT household_id FROM household_site_keys)"
    )
    op.execute("CREATE INDEX ix_households_old_site_rows ON households (household_id) WHERE site_rows < 1")
