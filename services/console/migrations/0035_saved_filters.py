"""Stores the filters that accounts save. The previous release of Dayar ignores the table."""

from alembic import op

revision = "console_0035"
down_revision = "console_0034"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE saved_filters (
            filter_id uuid NOT NULL,
            account_id uuid NOT NULL,
            name text NOT NULL,
            query text NOT NULL,
            CONSTRAINT pk_saved_filters PRIMARY KEY (filter_id),
            CONSTRAINT uq_saved_filters_account_id_name UNIQUE (account_id, name)
        )
    """)
