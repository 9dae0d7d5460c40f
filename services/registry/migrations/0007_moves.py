"""Adds columns for figures to the displacements.

The columns store the time of a later displacement, and values that queries sum or group by.
"""

from alembic import op

revision = "registry_0007"
down_revision = "registry_0006"

MOVES = "('displacement', 'evacuation', 'planned_relocation', 'migration')"
# Computes when the next move with the same household and status begins. For a group, the next move must have the same
# measure, too.
NEXT = """
SELECT min(later.occurred_at) FROM {table} AS later
WHERE later.{subject} = one.{subject} AND later.status = one.status AND later.mobility IN {moves} {measure}
    AND (later.occurred_at, later.reported_at, later.report_id) > (one.occurred_at, one.reported_at, one.report_id)
"""
FILL = "UPDATE {table} AS one SET superseded_at = coalesce(({next}), 'infinity')"
# During the rollout, the previous release of Dayar writes all rows of a household together, without `superseded_at`. A
# trigger fills `superseded_at`. Without the trigger, each query would check rows for NULL and take four times as long.
# The next release of Dayar drops the trigger and makes the column NOT NULL.
FILLS = """
CREATE FUNCTION fill_{table}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM written WHERE superseded_at IS NULL) THEN
        {fill} WHERE report_id IN (SELECT report_id FROM written WHERE superseded_at IS NULL);
    END IF;
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER fill AFTER INSERT ON {table} REFERENCING NEW TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION fill_{table}()
"""
# 202606 means June 2026 in Bishkek time. 202600 means 2026 if the month is not known.
PERIOD = """100 * extract(year FROM occurred_at AT TIME ZONE 'Asia/Bishkek')::integer
    + CASE occurred_at_precision WHEN 'year' THEN 0
        ELSE extract(month FROM occurred_at AT TIME ZONE 'Asia/Bishkek')::integer END"""
SEXES = ("female", "male", "unknown")
AGES = ("0_5", "6_11", "12_17", "18_59", "60_plus", "unknown")
CELLS = [f"{sex}_{age}" for sex in SEXES for age in AGES]  # the order of `sex_age`
# Each cell of `sex_age` gets a column of its own, because PostgreSQL copies the whole array to read one element. Most
# cells are NULL instead of 0, because a NULL takes no space and no time in sums.
COLUMNS = {
    "period": f"integer GENERATED ALWAYS AS ({PERIOD}) STORED",
    "reason": "text GENERATED ALWAYS AS (reasons[1]) STORED",
    **{
        name: f"integer GENERATED ALWAYS AS (nullif(sex_age[{index}], 0)) STORED"
        for index, name in enumerate(CELLS, start=1)
    },
}
SUBJECTS = {"episodes": ("household_id", ""), "counts": ("group_id", "AND later.measure = one.measure")}


def upgrade() -> None:
    for table, (subject, measure) in SUBJECTS.items():
        fill = FILL.format(table=table, next=NEXT.format(table=table, subject=subject, moves=MOVES, measure=measure))
        op.execute(f"ALTER TABLE {table} ADD superseded_at timestamptz")
        op.execute(fill)
        columns = ", ".join(f"ADD {name} {kind}" for name, kind in COLUMNS.items())
        op.execute(f"ALTER TABLE {table} {columns}")
        op.execute(FILLS.format(table=table, fill=fill))
        op.execute(TRIGGER.format(table=table))
