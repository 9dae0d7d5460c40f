"""Stores the sources whose alerts a silence mutes, and the muted changes that are sent after the mute.

Without sources, a silence mutes the alerts of all sources. The previous release of Dayar ignores the new column, so it
mutes the alerts of all sources. End the silences of sources before you install the previous release of Dayar again.
"""

from alembic import op

revision = "alerts_0063"
down_revision = "alerts_0062"


def upgrade() -> None:
    op.execute("ALTER TABLE silences ADD COLUMN sources text[] NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE notification_omissions ADD COLUMN is_sent_later boolean NOT NULL DEFAULT false")
