"""Each displacement of a household is kept: displaced again, it has still left where it was first."""

from alembic import op

revision = "alerts_0002"
down_revision = "alerts_0001"

DEPARTURES = """
CREATE TABLE departures (
    report_id uuid NOT NULL,
    household_id uuid NOT NULL,
    status text NOT NULL,
    mobility text NOT NULL,
    area text NOT NULL,
    occurred_on date NOT NULL,
    CONSTRAINT pk_departures PRIMARY KEY (report_id)
)
"""
# Which report said so was not kept until now: a household's own id stands for it.
KNOWN = """
INSERT INTO departures (report_id, household_id, status, mobility, area, occurred_on)
SELECT household_id, household_id, status, mobility, origin_area, occurred_on FROM households
WHERE is_day AND origin_area IS NOT NULL
"""
# The release before writes these columns still, and nobody reads them any more.
NO_LONGER_READ = (
    "ALTER TABLE households ALTER occurred_on DROP NOT NULL, ALTER is_day DROP NOT NULL",
    "DROP INDEX ix_households_origin",
)


def upgrade() -> None:
    for statement in (
        DEPARTURES, KNOWN, "CREATE INDEX ix_departures_area ON departures (area, occurred_on)", *NO_LONGER_READ,
    ):  # fmt: skip
        op.execute(statement)
