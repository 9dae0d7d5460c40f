"""Stores by which rules the rows about a household's sites were made, so that older rows are repaired.

Rows of `households` that the previous release of Dayar writes get the default 0. The previous release of Dayar does not
know the table `site_residents`, so its rows may be wrong. The rows of all households at sites are therefore made again
once.
"""

from alembic import op

revision = "registry_0062"
down_revision = "registry_0061"


def upgrade() -> None:
    # two steps: PostgreSQL gives existing rows the first default without rewriting the table, and new rows get the
    # second default
    op.execute("ALTER TABLE households ADD COLUMN site_rows smallint NOT NULL DEFAULT 1")
    op.execute("ALTER TABLE households ALTER COLUMN site_rows SET DEFAULT 0")
    op.execute(
        "UPDATE households SET site_rows = 0 WHERE household_id IN (SELECT household_id FROM household_site_keys)"
    )
    op.execute("CREATE INDEX ix_households_old_site_rows ON households (household_id) WHERE site_rows < 1")
