"""Stores with each report the areas for which its registrar may report movements."""

from alembic import op

revision = "registry_0015"
down_revision = "registry_0014"


def upgrade() -> None:
    op.execute("ALTER TABLE reports ADD COLUMN registrar_areas text[] NOT NULL DEFAULT '{}'")
