"""Stores enrolment links, and the post, language and telephone of each account's person.

The previous release of Dayar ignores the columns and the table.
"""

from alembic import op

revision = "console_0036"
down_revision = "console_0035"


def upgrade() -> None:
    op.execute("ALTER TABLE accounts ADD COLUMN post text, ADD COLUMN language text, ADD COLUMN telephone bytea")
    op.execute("""
        CREATE TABLE enrolments (
            account_id uuid CONSTRAINT pk_enrolments PRIMARY KEY,
            token bytea NOT NULL CONSTRAINT uq_enrolments_token UNIQUE,
            state text NOT NULL,
            expires_at timestamptz NOT NULL
        )
    """)
