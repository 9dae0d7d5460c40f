"""Makes receivers people, posts and systems, with the hazards and hours in which each gets alerts.

A receiver of webhooks becomes a system, a receiver of mails a post. The former release ignores the new columns.
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
