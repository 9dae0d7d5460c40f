"""Adds to counts the time of the report, and whether the count includes everybody at the site."""

from alembic import op

revision = "console_0015"
down_revision = "console_0014"


def upgrade() -> None:
    op.execute("ALTER TABLE board_groups ADD reported_at timestamptz")
    op.execute("ALTER TABLE board_groups ADD covers_site boolean DEFAULT false NOT NULL")
