"""Adds the security log."""

from alembic import op

from shared.audit import AUDIT

revision = "alerts_0006"
down_revision = "alerts_0005"


def upgrade() -> None:
    AUDIT.create(op.get_bind(), checkfirst=True)  # Usually `dayar provision` has created this table before.
