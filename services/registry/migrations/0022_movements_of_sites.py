"""Stores which households are at a site, and the keys of reports about everybody at a site."""

from alembic import op

revision = "registry_0022"
down_revision = "registry_0021"

STATEMENTS = (
    """
    CREATE TABLE household_sites (
        site_id uuid NOT NULL,
        household_id uuid NOT NULL,
        CONSTRAINT pk_household_sites PRIMARY KEY (site_id, household_id)
    )
    """,
    "CREATE INDEX ix_household_sites_household_id ON household_sites (household_id)",
    """
    CREATE TABLE site_report_keys (
        site_id uuid NOT NULL,
        kek_id text NOT NULL,
        wrapped bytea NOT NULL,
        CONSTRAINT pk_site_report_keys PRIMARY KEY (site_id)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
