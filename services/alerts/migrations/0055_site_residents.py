"""Stores how many registered displaced people live at each site.

The previous release of Dayar does not read the new table.
"""

from alembic import op

revision = "alerts_0055"
down_revision = "alerts_0054"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE site_residents (
            site_id uuid NOT NULL,
            status text NOT NULL,
            sequence integer NOT NULL,
            persons integer NOT NULL,
            households integer NOT NULL,
            CONSTRAINT pk_site_residents PRIMARY KEY (site_id, status)
        )
    """)
