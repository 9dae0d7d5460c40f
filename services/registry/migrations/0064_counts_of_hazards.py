"""Indexes the counts by the hazard that they name, because the page of a hazard reads these counts each minute.

While the index is built, all writes to counts wait.
"""

from alembic import op

revision = "registry_0064"
down_revision = "registry_0063"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_counts_hazard_id ON counts (hazard_id) WHERE hazard_id IS NOT NULL")
