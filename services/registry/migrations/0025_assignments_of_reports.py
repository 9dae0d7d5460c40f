"""Stores the report of each assignment, so that a report keeps its assignment when it gets a new outcome."""

from alembic import op

revision = "registry_0025"
down_revision = "registry_0024"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE held_assignments
            ADD COLUMN report_id uuid,
            ADD COLUMN version integer,
            ADD COLUMN author uuid
        """
    )
    op.execute(
        """
        UPDATE held_assignments SET report_id = reports.report_id, version = reports.version, author = reports.author
        FROM reports WHERE reports.outcome_id = held_assignments.outcome_id
        """
    )
    op.execute("CREATE INDEX ix_held_assignments_report_id ON held_assignments (report_id)")
