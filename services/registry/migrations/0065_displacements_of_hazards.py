"""Indexes the displacements of households by the hazard that they name.

The page of a hazard counts these displacements. While the index is built, all writes to displacements wait. The
previous release of Dayar ignores the index.
"""

from alembic import op

revision = "registry_0065"
down_revision = "registry_0064"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_episodes_hazard_id ON episodes (hazard_id) WHERE hazard_id IS NOT NULL")
