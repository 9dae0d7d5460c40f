"""Stores the ages of displaced persons. Figures use the ages to compute the ages on later days, and other age brackets.

Until now, the triggers stored only the numbers of persons in the age brackets of reports. The triggers now also store
the numbers in parts of age brackets, and how each number changes on each 1 January.
"""

from collections.abc import Mapping

from alembic import op

revision = "registry_0033"
down_revision = "registry_0032"

SEXES = ("female", "male", "unknown")
AGES = ("0_5", "6_11", "12_17", "18_59", "60_plus", "unknown")
CELLS = [f"{sex}_{age}" for sex in SEXES for age in AGES]
# Each column counts the persons in the classes of age that are listed for the column.
BRACKETS = {"0_5": (0, 1), "6_11": (2,), "12_17": (3, 4), "18_59": (5,), "60_plus": (6, 7)}
PARTS = {"0_4": (0,), "5": (1,), "12_14": (3,), "15_17": (4,), "60_64": (6,), "65_plus": (7,)}
PART_CELLS = [f"{sex}_{part}" for sex in SEXES for part in PARTS]
CLASS = "width_bucket({}, ARRAY[5, 6, 12, 15, 18, 60, 65])"
COLUMNS = """status, mobility, origin_pcode, origin_country, destination_pcode, destination_country,
        reasons, hazard_type, shelter, evacuation, needs"""
TARGET = f"""{COLUMNS}, sub_stock, began_on, ended_on, is_flow, has_month,
    households, imprecise, corrected, displaced, {", ".join(CELLS)}, {", ".join(PART_CELLS)}"""
DAY = "({} AT TIME ZONE 'Asia/Bishkek')::date"
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


def counted(columns: Mapping[str, tuple[int, ...]], *, is_change: bool) -> str:
    expressions = []
    for number, sex in enumerate(SEXES):
        for column, classes in columns.items():
            members = ", ".join(map(str, classes))
            left = f" - (before IN ({members}))::integer" if is_change else ""
            of_sex = f"FILTER (WHERE sex = {number})"
            expressions.append(f"sum((after IN ({members}))::integer{left}) {of_sex} AS {sex}_{column}")
    return ", ".join(expressions)


# A code contains the sex and the age of a person. `code % 2` is 1 if the age rises on the next 1 January.
PERSONS = """unnest(ages) AS persons (code)
        CROSS JOIN LATERAL (SELECT code / 512 AS sex, code % 512 / 2 AS age) AS person"""
NOTE = f"""
INSERT INTO figure_changes ({TARGET})
SELECT {COLUMNS}, {{sub_stock}}, {DAY.format("occurred_at")}, {{ended_on}}, {{is_flow}}, period % 100 > 0,
    {{sign}} * {{households}},
    CASE WHEN occurred_at_precision IN ('hour', 'day') THEN 0 ELSE {{sign}} * {{households}} END,
    CASE WHEN version > 1 THEN {{sign}} * {{households}} ELSE 0 END,
    {{sign}} * displaced, {", ".join(f"{{sign}} * {name}" for name in CELLS)},
    {", ".join(f"{{sign}} * parts.{name}" for name in PART_CELLS)}
FROM {{rows}} CROSS JOIN LATERAL (
    SELECT {counted(PARTS, is_change=False)} FROM {PERSONS}
        CROSS JOIN LATERAL (SELECT {CLASS.format("age")} AS after) AS class
) AS parts
WHERE {{wanted}}
"""  # noqa: S608 - constants
# On each 1 January, every person becomes a year older. A number changes if the new age belongs to another class.
CHANGED = [f"{sex}_{age}" for sex in SEXES for age in (*BRACKETS, *PARTS)]
NOTE_AGES = f"""
INSERT INTO figure_changes ({COLUMNS}, sub_stock, began_on, ended_on, is_flow, has_month,
    households, imprecise, corrected, displaced, {", ".join(CHANGED)})
SELECT {COLUMNS}, {{sub_stock}}, make_date(risen.year, 1, 1), {{ended_on}}, false, false,
    0, 0, 0, 0, {", ".join(f"{{sign}} * risen.{name}" for name in CHANGED)}
FROM {{rows}} CROSS JOIN LATERAL (
    SELECT year, {counted({name: BRACKETS.get(name) or PARTS[name] for name in (*BRACKETS, *PARTS)}, is_change=True)}
    FROM generate_series(greatest(period / 100, {{known_until}}) + 1, {{until}}) AS years (year)
        CROSS JOIN {PERSONS}
        CROSS JOIN LATERAL (SELECT age + code % 2 + year - period / 100 - 1 AS age_after) AS on_new_year
        CROSS JOIN LATERAL (
            SELECT {CLASS.format("age_after")} AS after,
                {CLASS.format("CASE WHEN year = period / 100 + 1 THEN age ELSE age_after - 1 END")} AS before
        ) AS class
    WHERE before <> after GROUP BY year
) AS risen
WHERE {{wanted}} AND {{ended_on}} > make_date(risen.year, 1, 1)
"""  # noqa: S608 - constants
UNTIL = "(SELECT until_year FROM figure_ages)"
NOTE_CHANGES = """
CREATE OR REPLACE FUNCTION note_changes_of_{table}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN {subtract}; END IF;
    IF TG_OP <> 'DELETE' THEN {add}; END IF;
    RETURN NULL;
END $$
"""
NOTE_ALL = """
CREATE OR REPLACE FUNCTION note_all_displacements() RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    LOCK TABLE episodes, stays, passages IN SHARE MODE;
    PERFORM pg_advisory_xact_lock(hashtextextended('figure sums', 0));  -- the worker's lock
    DELETE FROM figure_sums;
    DELETE FROM figure_dimensions;
    DELETE FROM figure_changes;
    {notes};
END $$
"""
# The lock stops other writes, so that the changes for the new years are stored exactly once for each row.
NOTE_NEXT_AGES = """
CREATE FUNCTION note_ages(new_year integer) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    LOCK TABLE episodes, stays IN SHARE MODE;
    PERFORM pg_advisory_xact_lock(hashtextextended('figure sums', 0));  -- the worker's lock
    {notes};
    UPDATE figure_ages SET until_year = greatest(until_year, new_year);
END $$
"""


def notes(rows: str, table: str, sign: int) -> str:
    source = {**SOURCES[table], "rows": rows, "sign": sign}
    note = NOTE.format(**source)
    return note if table == "passages" else f"{note}; {NOTE_AGES.format(**source, known_until=0, until=UNTIL)}"


def upgrade() -> None:
    for table in SOURCES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN ages smallint[]")
    op.execute("CREATE INDEX ix_episodes_without_ages ON episodes (household_id) WHERE ages IS NULL")
    for name in PART_CELLS:
        op.execute(f"ALTER TABLE figure_changes ADD COLUMN {name} integer")
        op.execute(f"ALTER TABLE figure_sums ADD COLUMN {name} integer NOT NULL DEFAULT 0")
    op.execute("CREATE TABLE figure_ages (until_year integer NOT NULL)")
    op.execute("INSERT INTO figure_ages SELECT extract(year FROM now() AT TIME ZONE 'Asia/Bishkek')")
    for table in SOURCES:
        subtract, add = notes("removed", table, -1), notes("added", table, 1)
        op.execute(NOTE_CHANGES.format(table=table, subtract=subtract, add=add))
    op.execute(NOTE_ALL.format(notes=";".join(notes(table, table, 1) for table in SOURCES)))
    next_ages = (
        NOTE_AGES.format(**SOURCES[table], rows=table, sign=1, known_until=UNTIL, until="new_year")
        for table in ("episodes", "stays")
    )
    op.execute(NOTE_NEXT_AGES.format(notes=";".join(next_ages)))
