"""Stores whether a receiver is a person, a post or a system, and for which hazards and hours a receiver gets alerts.

A receiver with a webhook becomes a system, and every other receiver a post. The previous release of Dayar ignores
the new columns.
"""

from alembic import op

revision = "alerts_0029"
down_revision = "alerts_0028"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE receivers
            ADD COLUMN kind text NOT NULL DEFAULT 'post',
            ADD COLUMN organisation text,
            ADD COLUMN post text,
            ADD COLUMN account_id uuid,
            ADD COLUMN hazards text[] NOT NULL DEFAULT '{}',
            ADD COLUMN hours text[] NOT NULL DEFAULT '{}'
    """)
    op.execute("UPDATE receivers SET kind = 'system' WHERE channel = 'webhook'")
