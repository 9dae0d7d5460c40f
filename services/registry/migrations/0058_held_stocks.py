"""Stores which stock the last event about each held count stated.

With the stored stock, the registry publishes an event only if the stock changes.
"""

from alembic import op

revision = "registry_0058"
down_revision = "registry_0057"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE held_stocks (
            group_id uuid NOT NULL,
            report_id uuid NOT NULL,
            version integer NOT NULL,
            author uuid NOT NULL,
            stock_id uuid NOT NULL,
            CONSTRAINT pk_held_stocks PRIMARY KEY (group_id)
        )
    """)
