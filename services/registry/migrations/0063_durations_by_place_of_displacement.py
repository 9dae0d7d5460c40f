"""Completed durations now count people at the place of displacement, as ongoing durations do."""

from alembic import op

revision = "registry_0063"
down_revision = "registry_0062"

ORIGIN = """
SELECT origin_pcode FROM episodes
WHERE episodes.household_id = {passage}.household_id AND episodes.status = {passage}.status
    AND episodes.mobility = {passage}.mobility AND episodes.occurred_at <= {passage}.departed_at
ORDER BY episodes.occurred_at DESC LIMIT 1
"""
# The previous release of Dayar writes a household's displacements before its movements, so the trigger finds the
# displacement of each movement.
FILL = f"""
CREATE FUNCTION fill_displaced_from() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.displaced_from_pcode := ({ORIGIN.format(passage="NEW")});
    RETURN NEW;
END $$
"""
FILL_TRIGGER = """
CREATE TRIGGER fill_displaced_from BEFORE INSERT ON passages
FOR EACH ROW WHEN (NEW.displaced_from_pcode IS NULL) EXECUTE FUNCTION fill_displaced_from()
"""
DAY = "({} AT TIME ZONE 'Asia/Bishkek')::date"
NUMBERS = "is_flow, has_month, households, imprecise, corrected, displaced"
OF_ROW = "false, period % 100 > 0, {sign} * households, 0, 0, {sign} * displaced"
PLACES = "origin_pcode, origin_country, destination_pcode, destination_country"
NOTE_MOVEMENT = f"""
INSERT INTO movement_changes (status, mobility, {PLACES}, movement, began_on, {NUMBERS})
SELECT status, mobility, {PLACES}, movement, {DAY.format("occurred_at")}, {OF_ROW}
FROM {{rows}} WHERE displaced > 0
"""  # noqa: S608 - constants
# Selects movements that completed a displacement, with DELTA's class of the duration. The people left the place to
# which they had been displaced.
NOTE_DURATION = f"""
INSERT INTO movement_changes (status, mobility, origin_pcode, destination_pcode, duration, began_on, {NUMBERS})
SELECT status, mobility, displaced_from_pcode, origin_pcode,
    (ARRAY['0-9', '10-29', '30-89', '90+'])[
        1 + width_bucket({DAY.format("occurred_at")} - {DAY.format("departed_at")}, ARRAY[10, 30, 90])],
    {DAY.format("occurred_at")}, {OF_ROW}
FROM {{rows}} WHERE displaced > 0 AND from_sub_stock = 'in_displacement'
    AND to_sub_stock IN ('in_return', 'in_settlement', 'left_country', 'durable_solution')
"""  # noqa: S608 - constants
NOTES = (NOTE_MOVEMENT, NOTE_DURATION)


def notes(rows: str, sign: int) -> str:
    return ";".join(note.format(rows=rows, sign=sign) for note in NOTES)


NOTE_MOVEMENTS = f"""
CREATE OR REPLACE FUNCTION note_movements() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN {notes("removed", -1)}; END IF;
    IF TG_OP <> 'DELETE' THEN {notes("added", 1)}; END IF;
    RETURN NULL;
END $$
"""
NOTE_ALL = f"""
CREATE OR REPLACE FUNCTION note_all_displacements() RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM note_all_but_movements();
    DELETE FROM movement_changes;
    {notes("passages", 1)};
END $$
"""  # noqa: S608 - constants
SUMMED = "summary IN ('movement', 'duration')"


def upgrade() -> None:
    op.execute("SELECT pg_advisory_xact_lock(hashtextextended('figure sums', 0))")  # the worker's lock
    op.execute("ALTER TABLE passages ADD COLUMN displaced_from_pcode text")
    # the triggers are off, because the numbers of people do not change
    op.execute("ALTER TABLE passages DISABLE TRIGGER USER")
    op.execute(f"UPDATE passages SET displaced_from_pcode = ({ORIGIN.format(passage='passages')})")  # noqa: S608
    op.execute("ALTER TABLE passages ENABLE TRIGGER USER")
    op.execute(FILL)
    op.execute(FILL_TRIGGER)
    op.execute(NOTE_MOVEMENTS)
    op.execute(NOTE_ALL)
    for table in ("figure_sums", "figure_dimensions"):
        op.execute(f"DELETE FROM {table} WHERE {SUMMED}")  # noqa: S608 - constants
    op.execute("DELETE FROM movement_changes")
    for note in NOTES:
        op.execute(note.format(rows="passages", sign=1))
