"""Counts departed persons by the district where they are now. Stores the counts of groups.

The previous release of Dayar still writes `departures` and reads `departure_counts`, which becomes a view.
"""

from alembic import op

revision = "alerts_0017"
down_revision = "alerts_0016"

# Earlier releases of Dayar did not store the size of a household. A household without a stored size counts as one
# person until its next event.
DEPARTURES = "ALTER TABLE departures ADD persons integer NOT NULL DEFAULT 1, ADD destination_area text"
KNOWN = """
UPDATE departures SET destination_area = households.destination_area
FROM households WHERE households.household_id = departures.household_id
"""
COUNTS = """
CREATE TABLE departed_by_destination (
    status text NOT NULL,
    area text NOT NULL,
    moves text[] NOT NULL,
    destination text NOT NULL,
    last_on date NOT NULL,
    households integer NOT NULL,
    persons integer NOT NULL,
    CONSTRAINT pk_departed_by_destination PRIMARY KEY (status, area, moves, destination)
) WITH (fillfactor = 50)
"""
# A household that left an area several times counts at the destination of its latest departure.
COUNT_DEPARTURES = """
INSERT INTO departed_by_destination (status, area, moves, destination, last_on, households, persons)
SELECT status, area, moves, destination, last_on, count(*), sum(persons) FROM (
    SELECT status, area, max(occurred_on) AS last_on,
        array_agg(DISTINCT occurred_on || ' ' || mobility ORDER BY occurred_on || ' ' || mobility) AS moves,
        coalesce((array_agg(destination_area ORDER BY occurred_on DESC, report_id DESC))[1], '') AS destination,
        (array_agg(persons ORDER BY occurred_on DESC, report_id DESC))[1] AS persons
    FROM departures GROUP BY household_id, status, area
) AS household GROUP BY status, area, moves, destination, last_on
"""
READ_BEFORE = """
CREATE VIEW departure_counts AS
SELECT status, area, moves, last_on, sum(households)::integer AS households
FROM departed_by_destination GROUP BY status, area, moves, last_on
"""
ADD_DEPARTURES = """
CREATE FUNCTION add_departures(departures[], integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO departed_by_destination AS known (status, area, moves, destination, last_on, households, persons)
    SELECT status, area,
        array_agg(DISTINCT occurred_on || ' ' || mobility ORDER BY occurred_on || ' ' || mobility),
        coalesce((array_agg(destination_area ORDER BY occurred_on DESC, report_id DESC))[1], ''),
        max(occurred_on), $2, $2 * (array_agg(persons ORDER BY occurred_on DESC, report_id DESC))[1]
    FROM unnest($1) GROUP BY status, area
    ON CONFLICT (status, area, moves, destination) DO UPDATE
        SET households = known.households + excluded.households, persons = known.persons + excluded.persons;
END $$
"""
# `beside` has the household's departures from the area except `$1`.
COUNT_DEPARTURE = """
CREATE OR REPLACE FUNCTION count_departures(departures, integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    beside departures[] := ARRAY(
        SELECT known FROM departures AS known
        WHERE (household_id, status, area) = ($1.household_id, $1.status, $1.area) AND report_id <> $1.report_id
    );
BEGIN
    PERFORM add_departures(array_append(beside, $1), $2);
    IF cardinality(beside) > 0 THEN
        PERFORM add_departures(beside, -$2);
    END IF;
END $$
"""
GROUPS = """
CREATE TABLE counted_groups (
    report_id uuid NOT NULL,
    sequence integer NOT NULL,
    status text NOT NULL,
    stock_id uuid NOT NULL,
    is_counted boolean NOT NULL,
    mobility text NOT NULL,
    persons integer NOT NULL,
    families integer NOT NULL,
    yards integer NOT NULL,
    origin_area text,
    destination_area text,
    departed_on date,
    CONSTRAINT pk_counted_groups PRIMARY KEY (report_id)
)
"""
REPLACED = """
CREATE TABLE replaced_counts (
    report_id uuid NOT NULL,
    sequence integer NOT NULL,
    CONSTRAINT pk_replaced_counts PRIMARY KEY (report_id)
)
"""
INDEXES = (
    "CREATE INDEX ix_departed_by_destination_area_last_on ON departed_by_destination (area, last_on)",
    (
        "CREATE INDEX ix_departed_by_destination_again ON departed_by_destination (area, last_on)"
        " WHERE cardinality(moves) > 1"
    ),
    "CREATE INDEX ix_counted_groups_origin_area_departed_on ON counted_groups (origin_area, departed_on)",
    "CREATE INDEX ix_counted_groups_stock_id ON counted_groups (stock_id)",
)


def upgrade() -> None:
    for statement in (
        DEPARTURES,
        "ALTER TABLE departures DISABLE TRIGGER keep_departure_counts",
        KNOWN,
        "ALTER TABLE departures ENABLE TRIGGER keep_departure_counts",
        "DROP TABLE departure_counts",
        COUNTS,
        COUNT_DEPARTURES,
        READ_BEFORE,
        "DROP FUNCTION add_departures(text, text, text[], integer)",
        ADD_DEPARTURES,
        COUNT_DEPARTURE,
        GROUPS,
        REPLACED,
        *INDEXES,
        "ALTER TABLE alerts ADD persons_step integer NOT NULL DEFAULT 0",
    ):
        op.execute(statement)
