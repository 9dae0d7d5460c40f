"""SQL expressions for the numbers of persons by sex and age on the day of a figure.

The age brackets belong to a profile.
"""

# raw SQL throughout: the expressions are parts of the statements that compute figures

from collections.abc import Sequence

from services.registry.figures.age_profiles import CLASSES_FROM, CLASSES_OF, PART_NAMES, WHOLE
from services.registry.figures.queries import FigureQuery, Kind
from services.registry.households.ages import SEX_STEP
from services.registry.reports import SEXES
from shared.events.vocabulary import Sex

PARTS = frozenset(PART_NAMES)
OF_HOUSEHOLDS = ("episodes", "stays", "passages")
# Maps each table to the column with the number of all persons.
ALL_CELLS = {"counts": "persons", **dict.fromkeys((*OF_HOUSEHOLDS, "sums"), "displaced")}
# Stored numbers use the ages on the first day of the row. The columns `aged_…` use the ages on the day of the figure.
# `period / 100` is the year of `occurred_at`. `ages.py` explains the person codes.
AGED = f"""(
    SELECT {{table}}.*, {{columns}} FROM {{table}} LEFT JOIN LATERAL (
        SELECT {{changes}} FROM unnest({{ages}}) AS persons (code)
        CROSS JOIN LATERAL (SELECT code / {SEX_STEP} AS sex, code % {SEX_STEP} / 2 AS age) AS person
        CROSS JOIN LATERAL (
            SELECT width_bucket(age, {{classes}}) AS before, width_bucket({{age_now}}, {{classes}}) AS after
        ) AS class {{wanted}}
    ) AS aged ON true
) AS {{table}}"""  # noqa: S608 - constants
LAST_YEAR = "least(:last_year, (SELECT until_year FROM figure_ages))"
AGE_NOW = f"CASE WHEN {LAST_YEAR} > period / 100 THEN age + code % 2 + {LAST_YEAR} - period / 100 - 1 ELSE age END"
OF_EARLIER_YEARS = f"CASE WHEN period / 100 < {LAST_YEAR} THEN ages END"
CLASSES = f"ARRAY[{', '.join(map(str, CLASSES_FROM))}]"


def cell_columns(query: FigureQuery) -> list[str]:
    if query.is_whole and not query.has_cells:
        return []
    terms = query.profile.terms
    return list(dict.fromkeys(column for index in query.chosen for _, column in terms[index]))


def is_aged(query: FigureQuery, kind: Kind, table: str) -> bool:
    """Ages are needed for a stock on a later day, and for brackets that are not stored."""
    columns = cell_columns(query)
    return table in OF_HOUSEHOLDS and bool(columns) and (kind == "stock" or not PARTS.isdisjoint(columns))


def aged(table: str, kind: Kind, columns: Sequence[str]) -> str:
    """The table stores whole brackets. Parts of brackets are computed from the ages."""
    has_parts = not PARTS.isdisjoint(columns)
    stored = {name: "0" if name in PARTS else f"coalesce({table}.{name}, 0)" for name in columns}
    return AGED.format(
        table=table,
        columns=", ".join(f"coalesce(aged.{name}, 0) + {stored[name]} AS aged_{name}" for name in columns),
        changes=", ".join(map(change_of_column, columns)),
        ages="ages" if has_parts else OF_EARLIER_YEARS,
        wanted="" if has_parts else "WHERE before <> after",
        age_now=AGE_NOW if kind == "stock" else "age",
        classes=CLASSES,
    )


def change_of_column(column: str) -> str:
    """The number of persons who have grown into the bracket, minus the number who have grown out of it."""
    sex, _, ages = column.partition("_")
    if ages not in CLASSES_OF:
        return f"sum(0)::integer AS {column}"
    classes = ", ".join(map(str, CLASSES_OF[ages]))
    left = "" if column in PARTS else f" - (before IN ({classes}))::integer"
    of_sex = f"sex = {SEXES.index(Sex(sex))}"
    return f"sum((after IN ({classes}))::integer{left}) FILTER (WHERE {of_sex})::integer AS {column}"


# A row of sums has no NULL, so `coalesce` is left out, because it slows down figures of thousands of rows.
TOTAL, COLUMN, OF_SUM = "coalesce(sum({}), 0)", "coalesce({}, 0)", "{}"


def cells(query: FigureQuery, kind: Kind, table: str, *, is_grouped: bool = True) -> list[str]:
    form = TOTAL if is_grouped else OF_SUM
    if not query.has_cells:
        return [persons(query, kind, table, form)]
    chosen = set(query.chosen)
    numbers = range(len(query.profile.cells))
    return [cell(query, kind, table, index, form) if index in chosen else "0" for index in numbers]


def persons(query: FigureQuery, kind: Kind, table: str, form: str = TOTAL) -> str:
    if query.is_whole:
        return form.format(ALL_CELLS[table])
    return " + ".join(cell(query, kind, table, index, form) for index in query.chosen) or "0"


def cell(query: FigureQuery, kind: Kind, table: str, index: int, form: str) -> str:
    """`form` is TOTAL, COLUMN or OF_SUM."""
    prefix = "aged_" if is_aged(query, kind, table) else ""
    terms = [
        f"{sign} {form.format(prefix + column)}"
        for sign, column in query.profile.terms[index]
        if table != "counts" or column not in PARTS  # counts have no parts of brackets
    ]
    return f"({' '.join(terms).removeprefix('+ ') or '0'})"


def is_chosen(query: FigureQuery, kind: Kind, table: str) -> str:
    if query.is_whole:
        return f"{ALL_CELLS[table]} > 0"
    if not query.ages:  # ages change with time, so the stored numbers are enough only if no ages are selected
        return f"greatest({', '.join(f'coalesce({sex}_{age}, 0)' for sex in query.sexes for age in WHOLE)}) > 0"
    cells = [cell(query, kind, table, index, COLUMN) for index in query.chosen]
    return f"greatest({', '.join(cells)}) > 0" if cells else "false"
