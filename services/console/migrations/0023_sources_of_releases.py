"""Stores the source of each release, so that a person can withdraw a release whose hazard is not stored."""

from alembic import op

revision = "console_0023"
down_revision = "console_0022"


def upgrade() -> None:
    op.execute("ALTER TABLE board_releases ADD COLUMN source text, ADD COLUMN source_id text")
