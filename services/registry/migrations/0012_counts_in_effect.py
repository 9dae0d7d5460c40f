"""Adds which counts of groups count the same people, and which count replaced another."""

from alembic import op

revision = "registry_0012"
down_revision = "registry_0011"


def upgrade() -> None:
    # Installations of the contract before are refused, so there are no counts whose events were never published.
    op.execute(
        "ALTER TABLE counts ADD persons_estimated boolean, ADD counted_at timestamptz, ADD population uuid,"
        " ADD stock_id uuid, ADD superseded_by uuid"
    )
    op.execute("UPDATE counts SET counted_at = reported_at, stock_id = report_id")
    op.execute("CREATE INDEX ix_counts_population ON counts (population)")
    op.execute("CREATE SEQUENCE group_sequence")
    # It filled `superseded_at` with the next count of the same group, for rows of a release that did not write it.
    op.execute("DROP TRIGGER fill ON counts")
    op.execute("DROP FUNCTION fill_counts")
