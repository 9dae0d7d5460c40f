"""Stores whether a receiver is a person, a post or a system.

Stores the hazards and the hours for which the receiver gets alerts.

Receivers with a webhook become systems, and all other receivers become posts. The previous release of Dayar ignores the
new columns.
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
