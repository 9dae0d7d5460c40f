"""Renames constraints and indexes to the names that `shared.postgres.models` gives them.

No release of Dayar refers to these constraints and indexes by name.
"""

from alembic import op

revision = "alerts_0016"
down_revision = "alerts_0015"

INDEXES = {
    "ix_alerts_raised_at": "ix_alerts_raised_at_alert_id",
    "ix_departures_area": "ix_departures_area_occurred_on",
    "ix_departure_counts_area": "ix_departure_counts_area_last_on",
}


def upgrade() -> None:
    for before, after in INDEXES.items():
        op.execute(f"ALTER INDEX {before} RENAME TO {after}")
    op.execute("ALTER TABLE alerts RENAME CONSTRAINT uq_alerts_situation TO uq_alerts_kind_status_area_situation")
