"""Stores which sources a silence mutes. Marks changes of muted alerts that receivers must still learn of.

A silence that names no sources mutes the alerts of all sources. The previous release of Dayar ignores the new column,
and mutes the alerts of all sources. Before you install the previous release of Dayar again, end all silences that name
sources.
"""

from alembic import op

revision = "alerts_0063"
down_revision = "alerts_0062"


def upgrade() -> None:
    op.execute("ALTER TABLE silences ADD COLUMN sources text[] NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE notification_omissions ADD COLUMN is_sent_later boolean NOT NULL DEFAULT false")
