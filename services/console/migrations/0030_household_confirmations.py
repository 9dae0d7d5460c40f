"""Stores how people were evacuated, when somebody last saw them, and whether their return is presumed.

The previous release of Dayar ignores these columns.
"""

from alembic import op

revision = "console_0030"
down_revision = "console_0029"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE board_households
            ADD COLUMN evacuation text,
            ADD COLUMN confirmed_at timestamptz,
            ADD COLUMN is_return_presumed boolean NOT NULL DEFAULT false
    """)
