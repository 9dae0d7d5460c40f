"""Counts the displaced households by district, by day and by hazard.

Triggers keep the counts of districts and days, because the previous release of Dayar also writes the counted rows.
"""

from alembic import op

revision = "alerts_0005"
down_revision = "alerts_0004"

HOUSEHOLDS = """
ALTER TABLE households
    ADD departed_on date,
    ADD hazard_type text,
    ADD has_other_cause boolean NOT NULL DEFAULT false,
    ADD is_trapped boolean NOT NULL DEFAULT false
"""
# Previous releases stored no origin for a household, so the household gets the origin of its latest departure.
KNOWN = """
UPDATE households SET origin_area = latest.area, departed_on = latest.occurred_on
FROM (
    SELECT DISTINCT ON (household_id) household_id, area, occurred_on FROM departures
    ORDER BY household_id, occurred_on DESC, report_id
) AS latest WHERE latest.household_id = households.household_id
"""

RESIDENTS = """
CREATE TABLE resident_counts (
    status text NOT NULL,
    area text NOT NULL,
    mobility text NOT NULL,
    households integer NOT NULL,
    CONSTRAINT pk_resident_counts PRIMARY KEY (status, area, mobility)
) WITH (fillfactor = 50)
"""
COUNT_RESIDENTS = """
INSERT INTO resident_counts (status, area, mobility, households)
SELECT status, destination_area, mobility, count(*) FROM households
WHERE destination_area IS NOT NULL GROUP BY status, destination_area, mobility
"""
KEEP_RESIDENTS = """
CREATE FUNCTION keep_resident_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.status, OLD.mobility) = (NEW.status, NEW.mobility)
        AND OLD.destination_area IS NOT DISTINCT FROM NEW.destination_area THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.destination_area IS NOT NULL THEN
        UPDATE resident_counts SET households = households - 1
        WHERE (status, area, mobility) = (OLD.status, OLD.destination_area, OLD.mobility);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.destination_area IS NOT NULL THEN
        INSERT INTO resident_counts AS known (status, area, mobility, households)
        VALUES (NEW.status, NEW.destination_area, NEW.mobility, 1)
        ON CONFLICT (status, area, mobility) DO UPDATE SET households = known.households + 1;
    END IF;
    RETURN NULL;
END $$
"""
RESIDENTS_TRIGGER = """
CREATE TRIGGER keep_resident_counts AFTER INSERT OR UPDATE OR DELETE ON households
FOR EACH ROW EXECUTE FUNCTION keep_resident_counts()
"""

DEPARTURES = """
CREATE TABLE departure_counts (
    status text NOT NULL,
    area text NOT NULL,
    moves text[] NOT NULL,
    last_on date NOT NULL,
    households integer NOT NULL,
    CONSTRAINT pk_departure_counts PRIMARY KEY (status, area, moves)
) WITH (fillfactor = 50)
"""
COUNT_DEPARTURES = """
INSERT INTO departure_counts (status, area, moves, last_on, households)
SELECT status, area, moves, last_on, count(*) FROM (
    SELECT status, area, max(occurred_on) AS last_on,
        array_agg(DISTINCT occurred_on || ' ' || mobility ORDER BY occurred_on || ' ' || mobility) AS moves
    FROM departures GROUP BY household_id, status, area
) AS household GROUP BY status, area, moves, last_on
"""
# Moves the household from the count of its old departure dates to the count of its new dates. `beside` has the
# household's departures from the area except `$1`.
KEEP_DEPARTURES = """
CREATE FUNCTION count_departures(departures, integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    beside text[] := ARRAY(
        SELECT occurred_on || ' ' || mobility FROM departures
        WHERE (household_id, status, area) = ($1.household_id, $1.status, $1.area) AND report_id <> $1.report_id
    );
    moves text[] := ARRAY(
        SELECT DISTINCT move FROM unnest(beside || ($1.occurred_on || ' ' || $1.mobility)) AS move ORDER BY move
    );
BEGIN
    beside := ARRAY(SELECT DISTINCT move FROM unnest(beside) AS move ORDER BY move);
    IF moves <> beside THEN
        PERFORM add_departures($1.status, $1.area, moves, $2);
        PERFORM add_departures($1.status, $1.area, beside, -$2);
    END IF;
END $$
"""
ADD_DEPARTURES = """
CREATE FUNCTION add_departures(text, text, text[], integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF $3 <> '{}' THEN
        INSERT INTO departure_counts AS known (status, area, moves, last_on, households)
        VALUES ($1, $2, $3, split_part($3[cardinality($3)], ' ', 1)::date, $4)
        ON CONFLICT (status, area, moves) DO UPDATE SET households = known.households + excluded.households;
    END IF;
END $$
"""
KEEP_DEPARTURE_COUNTS = """
CREATE FUNCTION keep_departure_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM count_departures(OLD, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM count_departures(NEW, 1);
    END IF;
    RETURN OLD;
END $$
"""
# One statement may delete several departures of a household. The delete trigger runs before each row is deleted,
# because the table then has exactly the departures that are still counted. The insert trigger runs after each row is
# written, because before the write nobody knows whether an upsert updates a row.
DEPARTURE_TRIGGERS = (
    (
        "CREATE TRIGGER keep_departure_counts AFTER INSERT OR UPDATE ON departures"
        " FOR EACH ROW EXECUTE FUNCTION keep_departure_counts()"
    ),
    (
        "CREATE TRIGGER keep_departure_counts_deleted BEFORE DELETE ON departures"
        " FOR EACH ROW EXECUTE FUNCTION keep_departure_counts()"
    ),
)

EXPOSURES = """
CREATE TABLE exposures (
    hazard_id uuid NOT NULL,
    area text NOT NULL,
    status text NOT NULL,
    hazard_type text NOT NULL,
    origins text[] NOT NULL,
    departed_from date NOT NULL,
    ends_at timestamptz NOT NULL,
    displaced integer NOT NULL,
    gone text,
    told_exposed integer,
    told_displaced integer,
    told_at timestamptz,
    CONSTRAINT pk_exposures PRIMARY KEY (hazard_id, area)
) WITH (fillfactor = 50)
"""
CHANGES = """
CREATE TABLE hazard_changes (
    id bigint GENERATED ALWAYS AS IDENTITY,
    hazard_id uuid NOT NULL,
    CONSTRAINT pk_hazard_changes PRIMARY KEY (id)
)
"""
# The previous release of Dayar writes `hazards` but not `hazard_changes`, so a trigger writes `hazard_changes`.
NOTE_CHANGE = """
CREATE FUNCTION note_hazard_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hazard_changes (hazard_id) VALUES (NEW.hazard_id);
    PERFORM pg_notify(TG_TABLE_SCHEMA || '_hazard_changes', '');
    RETURN NULL;
END $$
"""
CHANGES_TRIGGER = """
CREATE TRIGGER note_hazard_change AFTER INSERT OR UPDATE ON hazards
FOR EACH ROW EXECUTE FUNCTION note_hazard_change()
"""

INDEXES = (
    "CREATE INDEX ix_departures_household_id ON departures (household_id)",
    "CREATE INDEX ix_departure_counts_area ON departure_counts (area, last_on)",
    "CREATE INDEX ix_exposures_area ON exposures (area)",
    "CREATE INDEX ix_households_destination_area_departed_on ON households (destination_area, departed_on)",
    "CREATE INDEX ix_households_hazard_id ON households (hazard_id) WHERE hazard_id IS NOT NULL",
    "DROP INDEX ix_households_destination",
    "CREATE INDEX ix_hazards_ends_at ON hazards (ends_at) WHERE NOT is_cancelled",
)


def upgrade() -> None:
    for statement in (
        HOUSEHOLDS,
        KNOWN,
        RESIDENTS,
        COUNT_RESIDENTS,
        KEEP_RESIDENTS,
        RESIDENTS_TRIGGER,
        DEPARTURES,
        COUNT_DEPARTURES,
        ADD_DEPARTURES,
        KEEP_DEPARTURES,
        KEEP_DEPARTURE_COUNTS,
        *DEPARTURE_TRIGGERS,
        EXPOSURES,
        CHANGES,
        NOTE_CHANGE,
        CHANGES_TRIGGER,
        *INDEXES,
    ):
        op.execute(statement)
