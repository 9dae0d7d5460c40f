"""Adds an index of the households that left the same district more than once."""

from alembic import op

revision = "alerts_0010"
down_revision = "alerts_0009"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_departure_counts_again ON departure_counts (area, last_on) WHERE cardinality(moves) > 1"
    )
