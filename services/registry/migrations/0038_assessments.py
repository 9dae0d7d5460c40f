"""Adds the numbers of assessed persons and of persons with disability, for figures.

Assessed persons have rows of their own in `figure_changes`. A displacement without assessed persons adds no row of
assessed persons.
"""

from alembic import op

revision = "registry_0038"
down_revision = "registry_0037"

NUMBERS = ("assessed", "with_disability")
COLUMNS = """status, mobility, origin_pcode, origin_country, destination_pcode, destination_country,
        reasons, hazard_type, shelter, evacuation, needs"""
DAY = "({} AT TIME ZONE 'Asia/Bishkek')::date"
SOURCES = {
    "episodes": {
        "sub_stock": "'in_displacement'",
        "ended_on": DAY.format("superseded_at"),
        "is_flow": "true",
        "wanted": "assessed > 0",
    },
    "stays": {
        "sub_stock": "sub_stock",
        "ended_on": DAY.format("superseded_at"),
        "is_flow": "false",
        "wanted": "assessed > 0",
    },
    "passages": {
        "sub_stock": "NULL",
        "ended_on": "NULL::date",
        "is_flow": "true",
        "wanted": "assessed > 0 AND movement = 'displaced_again'",
    },
}
NOTE = f"""
INSERT INTO figure_changes ({COLUMNS}, sub_stock, began_on, ended_on, is_flow, has_month,
    households, imprecise, corrected, displaced, {", ".join(NUMBERS)})
SELECT {COLUMNS}, {{sub_stock}}, {DAY.format("occurred_at")}, {{ended_on}}, {{is_flow}}, period % 100 > 0,
    0, 0, 0, 0, {", ".join(f"{{sign}} * {name}" for name in NUMBERS)}
FROM {{rows}} WHERE {{wanted}}
"""  # noqa: S608 - constants
NOTE_ASSESSMENTS = """
CREATE FUNCTION note_assessments_of_{table}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN {subtract}; END IF;
    IF TG_OP <> 'DELETE' THEN {add}; END IF;
    RETURN NULL;
END $$
"""
TRANSITIONS = {
    "INSERT": "NEW TABLE AS added",
    "UPDATE": "OLD TABLE AS removed NEW TABLE AS added",
    "DELETE": "OLD TABLE AS removed",
}
TRIGGER = """
CREATE TRIGGER note_assessments_by_{event_name} AFTER {event} ON {table} REFERENCING {transition}
FOR EACH STATEMENT EXECUTE FUNCTION note_assessments_of_{table}()
"""
# `note_all_but_assessments` empties the sums, and locks the displacements until the end of the transaction.
NOTE_ALL = """
CREATE FUNCTION note_all_displacements() RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM note_all_but_assessments();
    {notes};
END $$
"""


def upgrade() -> None:
    for name in NUMBERS:
        for table in SOURCES:
            op.execute(f"ALTER TABLE {table} ADD COLUMN {name} smallint NOT NULL DEFAULT 0")
        op.execute(f"ALTER TABLE figure_changes ADD COLUMN {name} integer")
        op.execute(f"ALTER TABLE figure_sums ADD COLUMN {name} integer NOT NULL DEFAULT 0")
    for table, source in SOURCES.items():
        subtract = NOTE.format(rows="removed", sign=-1, **source)
        add = NOTE.format(rows="added", sign=1, **source)
        op.execute(NOTE_ASSESSMENTS.format(table=table, subtract=subtract, add=add))
        for event, transition in TRANSITIONS.items():
            op.execute(TRIGGER.format(table=table, event=event, event_name=event.lower(), transition=transition))
    op.execute("ALTER FUNCTION note_all_displacements() RENAME TO note_all_but_assessments")
    notes = ";".join(NOTE.format(rows=table, sign=1, **source) for table, source in SOURCES.items())
    op.execute(NOTE_ALL.format(notes=notes))
