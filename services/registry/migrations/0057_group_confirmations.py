"""Stores when somebody last saw the people of a count, and whether their return is presumed.

The new columns are empty in earlier rows.
"""

from alembic import op

revision = "registry_0057"
down_revision = "registry_0056"


def upgrade() -> None:
    op.execute("ALTER TABLE counts ADD COLUMN confirmed_at timestamptz, ADD COLUMN is_return_presumed boolean")
