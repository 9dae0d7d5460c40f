"""Indexes the displacements of households by hazard, because the page of a hazard counts them.

While the index is built, all writes to displacements wait.
"""

from alembic import op

revision = "registry_0065"
down_revision = "registry_0064"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_episodes_hazard_id ON episodes (hazard_id) WHERE hazard_id IS NOT NULL")
