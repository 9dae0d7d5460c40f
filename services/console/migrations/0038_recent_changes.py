"""Adds indexes for three lists of the board: open alerts, recently closed alerts, and recent hazards.

While PostgreSQL builds an index, the worker cannot store alerts or hazards, so the board shows them a little later.
"""

from alembic import op

revision = "console_0038"
down_revision = "console_0037"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_board_alerts_resolved_at ON board_alerts (resolved_at)")
    op.execute("CREATE INDEX ix_board_hazards_received_at ON board_hazards (received_at)")
