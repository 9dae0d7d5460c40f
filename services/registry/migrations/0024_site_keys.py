"""Adds search keys of the sites where households are, so that the database alone does not reveal the sites.

The worker makes the keys of stored households. The previous release of Dayar still writes sites to `household_sites`
and leaves `site_root_id` empty. For each household in `household_sites`, the worker makes the keys, and then deletes
the rows in `household_sites`.
"""

from alembic import op

revision = "registry_0024"
down_revision = "registry_0023"

STATEMENTS = (
    """
    CREATE TABLE household_site_keys (
        site_key bytea NOT NULL,
        household_id uuid NOT NULL,
        CONSTRAINT pk_household_site_keys PRIMARY KEY (site_key, household_id)
    )
    """,
    "CREATE INDEX ix_household_site_keys_household_id ON household_site_keys (household_id)",
    "ALTER TABLE households ADD COLUMN site_root_id text NOT NULL DEFAULT ''",
    "CREATE INDEX ix_households_site_root_id ON households (site_root_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
