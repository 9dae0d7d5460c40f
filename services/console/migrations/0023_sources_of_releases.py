"""Stores the source of each release. A person can then withdraw a release without a stored hazard."""

from alembic import op

revision = "console_0023"
down_revision = "console_0022"


def upgrade() -> None:
    op.execute("ALTER TABLE board_releases ADD COLUMN source text, ADD COLUMN source_id text")
