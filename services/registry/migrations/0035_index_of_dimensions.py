"""Adds an index of figures' dimensions, so that a figure reads only the few dimensions of one summary."""

from alembic import op

revision = "registry_0035"
down_revision = "registry_0034"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_figure_dimensions_summary_status_mobility ON figure_dimensions (summary, status, mobility)"
    )
