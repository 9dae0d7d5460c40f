"""Stores which registered people came to a site or left a site by a movement of their household."""

from alembic import op

revision = "registry_0045"
down_revision = "registry_0044"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE site_passages (
            household_id uuid NOT NULL,
            number integer NOT NULL,
            site_key bytea NOT NULL,
            is_arrival boolean NOT NULL,
            status text NOT NULL,
            persons integer NOT NULL,
            moved_at timestamptz NOT NULL,
            CONSTRAINT pk_site_passages PRIMARY KEY (household_id, number)
        )
    """)
    op.execute("CREATE INDEX ix_site_passages_site_key ON site_passages (site_key)")
