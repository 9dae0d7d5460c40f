"""Adds columns that group counts of the same people, and columns that name the replacing count."""

from alembic import op

revision = "registry_0012"
down_revision = "registry_0011"


def upgrade() -> None:
    # Events about stored counts were published before: an installation without these events is too old to be upgraded.
    op.execute(
        "ALTER TABLE counts ADD persons_estimated boolean, ADD counted_at timestamptz, ADD population uuid,"
        " ADD stock_id uuid, ADD superseded_by uuid"
    )
    op.execute("UPDATE counts SET counted_at = reported_at, stock_id = report_id")
    op.execute("CREATE INDEX ix_counts_population ON counts (population)")
    op.execute("CREATE SEQUENCE group_sequence")
    # The trigger set `superseded_at` to the time of the group's next count. The new code sets `superseded_at` by
    # another rule, so the trigger is dropped.
    op.execute("DROP TRIGGER fill ON counts")
    op.execute("DROP FUNCTION fill_counts")
