"""Stores when somebody last saw the people of a count, and whether their return is presumed.

The previous release of Dayar ignores these columns.
"""

from alembic import op

revision = "console_0031"
down_revision = "console_0030"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE board_groups
            ADD COLUMN confirmed_at timestamptz,
            ADD COLUMN is_return_presumed boolean NOT NULL DEFAULT false
    """)
