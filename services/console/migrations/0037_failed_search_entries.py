"""Adds an index of the rows whose search words are missing because of an error."""

from alembic import op

revision = "console_0037"
down_revision = "console_0036"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_search_entries_failed ON search_entries (kind) WHERE version = ''")
