"""Adds the totals of all changes of the stock, so that the stock of a recent day is read from few rows.

Triggers keep the totals right, even if the previous release of Dayar adds the changes.
"""

from alembic import op

revision = "registry_0067"
down_revision = "registry_0066"

AGES = ("0_5", "6_11", "12_17", "18_59", "60_plus", "unknown", "0_4", "5", "12_14", "15_17", "60_64", "65_plus")
CELLS = [f"{sex}_{age}" for sex in ("female", "male", "unknown") for age in AGES]
NUMBERS = ("households", "imprecise", "corrected", "displaced", *CELLS, "assessed", "with_disability")
TOTALS = f"""
CREATE TABLE figure_totals (
    summary text NOT NULL,
    dimensions_id integer NOT NULL,
    {", ".join(f"{name} integer NOT NULL" for name in NUMBERS)},
    CONSTRAINT pk_figure_totals PRIMARY KEY (summary, dimensions_id)
) WITH (fillfactor = 80)
"""
# The sums by year contain all changes of the stock.
ADD = f"""
INSERT INTO figure_totals AS totals (summary, dimensions_id, {", ".join(NUMBERS)})
SELECT summary, dimensions_id, {", ".join(f"sum(sign * {name})::integer" for name in NUMBERS)}
FROM ({{changed}}) AS changed WHERE span = 'year' GROUP BY summary, dimensions_id
ON CONFLICT (summary, dimensions_id)
DO UPDATE SET {", ".join(f"{name} = totals.{name} + excluded.{name}" for name in NUMBERS)}
"""  # noqa: S608 - constants
ALL = "SELECT *, 1 AS sign FROM figure_sums"
# If sums are deleted, the totals of their dimensions are computed from the other sums.
ADD_AGAIN = f"""
DELETE FROM figure_totals AS totals USING removed
WHERE totals.summary = removed.summary AND totals.dimensions_id = removed.dimensions_id;
{ADD.format(changed=f"{ALL} WHERE (summary, dimensions_id) IN (SELECT summary, dimensions_id FROM removed)")}
"""  # noqa: S608 - constants
FUNCTION = """
CREATE FUNCTION total_figures_by_{name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    {statements};
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER total_figures_by_{name} AFTER {name} ON figure_sums {transition}
FOR EACH STATEMENT EXECUTE FUNCTION total_figures_by_{name}()
"""
ADDED, REMOVED = "SELECT *, 1 AS sign FROM added", "SELECT *, -1 AS sign FROM removed"
TRIGGERS = {
    "insert": ("REFERENCING NEW TABLE AS added", ADD.format(changed=ADDED)),
    "update": (
        "REFERENCING OLD TABLE AS removed NEW TABLE AS added",
        ADD.format(changed=f"{ADDED} UNION ALL {REMOVED}"),
    ),
    "delete": ("REFERENCING OLD TABLE AS removed", ADD_AGAIN),
    "truncate": ("", "DELETE FROM figure_totals"),
}


def upgrade() -> None:
    op.execute("SELECT pg_advisory_xact_lock(hashtextextended('figure sums', 0))")  # the worker's lock
    op.execute(TOTALS)
    op.execute(ADD.format(changed=ALL))
    for name, (transition, statements) in TRIGGERS.items():
        op.execute(FUNCTION.format(name=name, statements=statements))
        op.execute(TRIGGER.format(name=name, transition=transition))
