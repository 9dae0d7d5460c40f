"""Renews the version of the data in two cases: ages of a year are added to the sums, or all sums are computed again."""

from alembic import op

revision = "registry_0036"
down_revision = "registry_0035"

# The worker deletes rows of `figure_sums` only before it computes all sums again.
EVENTS = {"figure_ages": "UPDATE", "figure_sums": "DELETE"}


def upgrade() -> None:
    for table, event in EVENTS.items():
        op.execute(
            f"CREATE TRIGGER renew_data_version AFTER {event} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION renew_data_version()"
        )
