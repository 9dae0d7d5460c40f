"""Stores every displacement of a household, so that a second displacement does not replace the first."""

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
# Earlier releases of Dayar stored no report of a departure, so the household's id takes the place of the report's id.
KNOWN = """
INSERT INTO departures (report_id, household_id, status, mobility, area, occurred_on)
SELECT household_id, household_id, status, mobility, origin_area, occurred_on FROM households
WHERE is_day AND origin_area IS NOT NULL
"""
# For a while, the previous release of Dayar may run beside this release. The previous release writes departures only to
# `households`, so a trigger copies them to `departures`.
STILL_TOLD = """
CREATE FUNCTION keep_departure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM departures WHERE report_id = NEW.household_id;
    INSERT INTO departures (report_id, household_id, status, mobility, area, occurred_on)
    VALUES (NEW.household_id, NEW.household_id, NEW.status, NEW.mobility, NEW.origin_area, NEW.occurred_on);
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER keep_departure AFTER INSERT OR UPDATE OF occurred_on ON households FOR EACH ROW
WHEN (NEW.is_day AND NEW.origin_area IS NOT NULL) EXECUTE FUNCTION keep_departure()
"""
STILL_READ = "ALTER TABLE households ALTER occurred_on SET DEFAULT '1900-01-01', ALTER is_day SET DEFAULT false"


def upgrade() -> None:
    for statement in (
        DEPARTURES,
        KNOWN,
        "CREATE INDEX ix_departures_area ON departures (area, occurred_on)",
        STILL_TOLD,
        TRIGGER,
        STILL_READ,
        "DROP INDEX ix_households_origin",
    ):
        op.execute(statement)
