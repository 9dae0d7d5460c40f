"""Adds the security log."""

from alembic import op

from shared.audit import AUDIT

revision = "intake_0002"
down_revision = "0001_feeds"


def upgrade() -> None:
    AUDIT.create(op.get_bind(), checkfirst=True)  # `dayar provision` usually creates this table beforehand
