"""Adds sums of households and persons by day, month and year. Figures of many displacements are read from the sums.

Triggers store each change of a displacement, because the previous release of Dayar and manual SQL statements also
change displacements. The worker adds the stored changes to the sums.
"""

from alembic import op

revision = "registry_0026"
down_revision = "registry_0025"

SEXES = ("female", "male", "unknown")
AGES = ("0_5", "6_11", "12_17", "18_59", "60_plus", "unknown")
CELLS = [f"{sex}_{age}" for sex in SEXES for age in AGES]
NUMBERS = ("households", "imprecise", "corrected", "displaced", *CELLS)
DIMENSIONS = """
    mobility text, origin_pcode text, origin_country text, destination_pcode text, destination_country text,
    reasons text[], hazard_type text, shelter text, evacuation text"""
TABLES = (
    f"""
    CREATE TABLE figure_changes (
        status text, sub_stock text, {DIMENSIONS}, needs text[],
        began_on date, ended_on date, is_flow boolean, has_month boolean,
        {", ".join(f"{name} integer" for name in NUMBERS)}
    )
    """,
    f"""
    CREATE TABLE figure_dimensions (
        dimensions_id integer GENERATED ALWAYS AS IDENTITY,
        name text NOT NULL,
        summary text NOT NULL,
        status text, sub_stock text, {DIMENSIONS}, need text,
        CONSTRAINT pk_figure_dimensions PRIMARY KEY (dimensions_id),
        CONSTRAINT uq_figure_dimensions_name UNIQUE (name)
    )
    """,
    f"""
    CREATE TABLE figure_sums (
        summary text NOT NULL,
        span text NOT NULL,
        since date NOT NULL,
        dimensions_id integer NOT NULL,
        {", ".join(f"{name} integer NOT NULL" for name in NUMBERS)},
        CONSTRAINT pk_figure_sums PRIMARY KEY (summary, span, since, dimensions_id)
    ) WITH (fillfactor = 80)
    """,
)
COLUMNS = """status, mobility, origin_pcode, origin_country, destination_pcode, destination_country,
        reasons, hazard_type, shelter, evacuation, needs"""
TARGET = f"{COLUMNS}, sub_stock, began_on, ended_on, is_flow, has_month, {', '.join(NUMBERS)}"
DAY = "({} AT TIME ZONE 'Asia/Bishkek')::date"
# `ended_on` is the first day on which the people are out of the stock. If `ended_on` is NULL, the people are never in
# the stock.
SOURCES = {
    "episodes": {
        "sub_stock": "'in_displacement'",
        "ended_on": DAY.format("superseded_at"),
        "is_flow": "true",
        "households": "1",
        "wanted": "displaced > 0",
    },
    "stays": {
        "sub_stock": "sub_stock",
        "ended_on": DAY.format("superseded_at"),
        "is_flow": "false",
        "households": "households",
        "wanted": "displaced > 0",
    },
    "passages": {
        "sub_stock": "NULL",
        "ended_on": "NULL::date",
        "is_flow": "true",
        "households": "households",
        "wanted": "displaced > 0 AND movement = 'displaced_again'",
    },
}
NOTE = f"""
INSERT INTO figure_changes ({TARGET})
SELECT {COLUMNS}, {{sub_stock}}, {DAY.format("occurred_at")}, {{ended_on}}, {{is_flow}}, period % 100 > 0,
    {{sign}} * {{households}},
    CASE WHEN occurred_at_precision IN ('hour', 'day') THEN 0 ELSE {{sign}} * {{households}} END,
    CASE WHEN version > 1 THEN {{sign}} * {{households}} ELSE 0 END,
    {{sign}} * displaced, {", ".join(f"{{sign}} * {name}" for name in CELLS)}
FROM {{rows}} WHERE {{wanted}}
"""  # noqa: S608 - constants
NOTE_CHANGES = """
CREATE FUNCTION note_changes_of_{table}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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
CREATE TRIGGER note_changes_by_{event_name} AFTER {event} ON {table} REFERENCING {transition}
FOR EACH STATEMENT EXECUTE FUNCTION note_changes_of_{table}()
"""
# The sums are computed from the changes of three tables. A TRUNCATE of one of the three tables sums all three tables
# again.
NOTE_ALL = """
CREATE FUNCTION note_all_displacements() RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    LOCK TABLE episodes, stays, passages IN SHARE MODE;
    PERFORM pg_advisory_xact_lock(hashtextextended('figure sums', 0));  -- the worker's lock
    DELETE FROM figure_sums;
    DELETE FROM figure_dimensions;
    DELETE FROM figure_changes;
    {notes};
END $$
"""
TRUNCATED = """
CREATE FUNCTION note_truncation() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM note_all_displacements();
    RETURN NULL;
END $$
"""
TRUNCATION = """
CREATE TRIGGER note_truncation AFTER TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION note_truncation()
"""


def upgrade() -> None:
    for table in TABLES:
        op.execute(table)
    for table, source in SOURCES.items():
        subtract = NOTE.format(rows="removed", sign=-1, **source)
        add = NOTE.format(rows="added", sign=1, **source)
        op.execute(NOTE_CHANGES.format(table=table, subtract=subtract, add=add))
        for event, transition in TRANSITIONS.items():
            op.execute(TRIGGER.format(table=table, event=event, event_name=event.lower(), transition=transition))
    notes = ";".join(NOTE.format(rows=table, sign=1, **source) for table, source in SOURCES.items())
    op.execute(NOTE_ALL.format(notes=notes))
    op.execute(TRUNCATED)
    for table in SOURCES:
        op.execute(TRUNCATION.format(table=table))
    op.execute("SELECT note_all_displacements()")
