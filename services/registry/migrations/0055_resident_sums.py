"""Stores the published sums of the registered people at sites."""

from alembic import op

revision = "registry_0055"
down_revision = "registry_0054"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE resident_sums (
            site_id uuid NOT NULL,
            sequence integer NOT NULL,
            persons integer NOT NULL,
            households integer NOT NULL,
            CONSTRAINT pk_resident_sums PRIMARY KEY (site_id)
        )
    """)
