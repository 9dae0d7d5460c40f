"""Adds sums of movements and of completed displacements, and indexes of recent departures and confirmations.

The changes of movements have a table of their own, because the previous release of Dayar does not add them to a sum.
The worker of the previous release of Dayar would delete the changes of movements from `figure_changes`.
"""

from alembic import op

revision = "registry_0059"
down_revision = "registry_0058"

NAMES = ("movement", "duration")
COLUMNS = "status, mobility, origin_pcode, origin_country, destination_pcode, destination_country, movement"
DAY = "({} AT TIME ZONE 'Asia/Bishkek')::date"
DURATION = f"""CASE
        WHEN from_sub_stock = 'in_displacement'
            AND to_sub_stock IN ('in_return', 'in_settlement', 'left_country', 'durable_solution')
        THEN (ARRAY['0-9', '10-29', '30-89', '90+'])[
            1 + width_bucket({DAY.format("occurred_at")} - {DAY.format("departed_at")}, ARRAY[10, 30, 90])]
    END"""
NOTE = f"""
INSERT INTO movement_changes ({COLUMNS}, duration, began_on, is_flow, has_month,
    households, imprecise, corrected, displaced)
SELECT {COLUMNS}, {DURATION}, {DAY.format("occurred_at")}, false, period % 100 > 0,
    {{sign}} * households, 0, 0, {{sign}} * displaced
FROM {{rows}} WHERE displaced > 0
"""  # noqa: S608 - constants
NOTE_MOVEMENTS = f"""
CREATE FUNCTION note_movements() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN {NOTE.format(rows="removed", sign=-1)}; END IF;
    IF TG_OP <> 'DELETE' THEN {NOTE.format(rows="added", sign=1)}; END IF;
    RETURN NULL;
END $$
"""
TRANSITIONS = {
    "INSERT": "NEW TABLE AS added",
    "UPDATE": "OLD TABLE AS removed NEW TABLE AS added",
    "DELETE": "OLD TABLE AS removed",
}
TRIGGER = """
CREATE TRIGGER note_movements_by_{event_name} AFTER {event} ON passages REFERENCING {transition}
FOR EACH STATEMENT EXECUTE FUNCTION note_movements()
"""
# `note_all_but_movements` empties the sums, and locks the movements until the end of the transaction.
NOTE_ALL = f"""
CREATE FUNCTION note_all_displacements() RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM note_all_but_movements();
    DELETE FROM movement_changes;
    {NOTE.format(rows="passages", sign=1)};
END $$
"""  # noqa: S608 - constants
# the values of all dimensions, in the order of the columns of the worker's statement
NAME = """ROW(summary, status, sub_stock, mobility, origin_pcode, origin_country, destination_pcode,
    destination_country, reasons, hazard_type, shelter, evacuation, movement, duration, need)::text"""
INDEXES = (
    "CREATE INDEX ix_episodes_status_reported_at ON episodes (status, reported_at)",
    "CREATE INDEX ix_stays_status_departed_at ON stays (status, departed_at)",
    "CREATE INDEX ix_stays_status_confirmed_at ON stays (status, confirmed_at)",
    "CREATE INDEX ix_stays_presumed ON stays (status) WHERE is_return_presumed",
)


def upgrade() -> None:
    for name in NAMES:
        op.execute(f"ALTER TABLE figure_changes ADD COLUMN {name} text")
        op.execute(f"ALTER TABLE figure_dimensions ADD COLUMN {name} text")
    op.execute("CREATE TABLE movement_changes (LIKE figure_changes)")
    op.execute(f"UPDATE figure_dimensions SET name = {NAME}")  # noqa: S608 - a constant
    op.execute(NOTE_MOVEMENTS)
    for event, transition in TRANSITIONS.items():
        op.execute(TRIGGER.format(event=event, event_name=event.lower(), transition=transition))
    op.execute("ALTER FUNCTION note_all_displacements() RENAME TO note_all_but_movements")
    op.execute(NOTE_ALL)
    op.execute(NOTE.format(rows="passages", sign=1))
    for index in INDEXES:
        op.execute(index)
