"""Adds a table with the time when intake last used each phone key."""

from alembic import op

revision = "intake_0007"
down_revision = "intake_0006"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE phone_key_uses (
            kid text NOT NULL,
            used_at timestamptz NOT NULL,
            CONSTRAINT pk_phone_key_uses PRIMARY KEY (kid)
        )
    """)
