"""Stores the short codes that the registry draws for households from the desk or from lists."""

from alembic import op

revision = "registry_0040"
down_revision = "registry_0039"


def upgrade() -> None:
    op.execute("ALTER TABLE household_keys ADD COLUMN sealed_code bytea")
