"""Adds contacts of a receiver after the first, and the time at which a delivery's next contact is notified.

The previous release of Dayar knows only the receiver's own row, so the first contact stays there.
"""

from alembic import op

revision = "alerts_0031"
down_revision = "alerts_0030"


def upgrade() -> None:
    op.execute("ALTER TABLE receivers ADD COLUMN wait_seconds integer")
    op.execute("""
        CREATE TABLE contacts (
            label text NOT NULL,
            channel text NOT NULL,
            position integer NOT NULL,
            address text NOT NULL,
            wait_seconds integer,
            secret bytea,
            former_secret bytea,
            CONSTRAINT pk_contacts PRIMARY KEY (label, channel),
            CONSTRAINT fk_contacts_label_receivers FOREIGN KEY (label) REFERENCES receivers (label) ON DELETE CASCADE
        )
    """)
    op.execute("ALTER TABLE deliveries ADD COLUMN next_contact_at timestamptz, ADD COLUMN follows text")
    op.execute(
        "CREATE INDEX ix_deliveries_next_contact_at ON deliveries (next_contact_at) WHERE next_contact_at IS NOT NULL"
    )
