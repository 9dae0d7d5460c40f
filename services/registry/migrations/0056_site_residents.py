"""Stores which registered people are at a site now, and when registered people who left a site had come.

The worker makes the site keys of all households again. With the site keys, the worker makes the rows of the new table.
A root id begins with the time of generation, so the id `0` is older than every root. If the previous release of Dayar
makes the keys of a household during the update, the household gets its rows with its next report.
"""

from alembic import op

revision = "registry_0056"
down_revision = "registry_0055"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE site_residents (
            household_id uuid NOT NULL,
            number integer NOT NULL,
            site_key bytea NOT NULL,
            status text NOT NULL,
            persons integer NOT NULL,
            came_at timestamptz NOT NULL,
            CONSTRAINT pk_site_residents PRIMARY KEY (household_id, number)
        )
    """)
    op.execute("CREATE INDEX ix_site_residents_site_key ON site_residents (site_key)")
    op.execute("ALTER TABLE site_passages ADD COLUMN came_at timestamptz")
    op.execute("""
        UPDATE households SET site_root_id = '0'
        WHERE site_root_id <> '' AND household_id IN (SELECT household_id FROM household_site_keys)
    """)
