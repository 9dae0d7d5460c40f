"""The SQL statements that compute figures."""

# raw SQL throughout: the statements are built from the filters of each query

from collections.abc import Iterator, Sequence
from enum import StrEnum

from services.registry.figures.cells import OF_SUM, TOTAL, aged, cell_columns, cells, is_aged
from services.registry.figures.conditions import SHELTER, conditions
from services.registry.figures.counted_stocks import BY_ORIGIN
from services.registry.figures.queries import Dimension, FigureQuery, Kind, ReasonRank, Summary, View
from services.registry.models import ASSESSMENT_NAMES, DIMENSION_NAMES
from shared.confirmations import ConfirmationState
from shared.country import COUNTRY
from shared.events.vocabulary import Mobility

NUMBERS = ("households", "imprecise", "corrected", "displaced", *ASSESSMENT_NAMES)
# Scopes, month names and units are computed in Python, because the result has fewer rows than the tables.
FIGURES = """
SELECT {period}, {place}, origin_country, destination_country, mobility, {reasons}, {hazard_type}, {shelter},
    {evacuation}, {confirmation}, {number}, {number_imprecise}, {number_corrected}, {assessed}, {with_disability},
    {cells}
FROM {table} WHERE {conditions} {grouped}
"""
GROUPED = "GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"
PERIODS = {"stock": "NULL::integer", "flows": "period"}
# A row of `episodes` describes a household until its first movement. After the first movement, rows of `stays` describe
# the parts of the household. The movement `displaced_again` is a new displacement, so flows read `passages`, too. If a
# summary has the figures, `sums` replaces three tables of households: `episodes`, `stays` and `passages`.
TABLES = {"stock": ("episodes", "stays", "counts"), "flows": ("episodes", "passages", "counts")}
SUMMED = ("sums", "counts")
# Selects one row for each need of the people. A row with NULL is added if the people have at least one need.
GIVEN_NEEDS = """(
    SELECT DISTINCT unnest(needs) UNION ALL SELECT NULL WHERE cardinality(needs) > 0
) AS given (need)"""
OF_SUMS = f"{', '.join(DIMENSION_NAMES)}, reasons[1] AS reason"
# The last three columns are the first reason, the need and the period.
ALL_DIMENSIONS = ", ".join(map(str, range(1, len(DIMENSION_NAMES) + 4)))
# If a displacement is removed, the change has negative numbers.
SUMS = """(
    SELECT {dimensions}, need, {period} AS period, {numbers} FROM ({spans}) AS sums
    JOIN figure_dimensions AS dimensions USING (dimensions_id) WHERE dimensions.summary = '{summary}'
    UNION ALL
    SELECT {dimensions_of_changes}, {need}, {period_of_changes}, {totals}
    FROM {table_of_changes} {needs} WHERE {changes} GROUP BY {all_dimensions}
) AS sums"""
# The changes before a day consist of earlier years, earlier months of the year, and earlier days of the month.
SPANS_OF_STOCK = """
    SELECT * FROM figure_sums WHERE summary = '{summary}' AND span = 'year' AND since < :year_day
    UNION ALL
    SELECT * FROM figure_sums
    WHERE summary = '{summary}' AND span = 'month' AND since >= :year_day AND since < :month_day
    UNION ALL
    SELECT * FROM figure_sums
    WHERE summary = '{summary}' AND span = 'day' AND since >= :month_day AND since < :until_day
"""
# The stock on a day is the total of all changes minus the changes after the day. The later changes consist of the rest
# of the month, the later months of the year, and all later years. Most queries are about a recent day, with few later
# changes.
STOCK_SPANS = """
SELECT dimensions_id, {stock} FROM figure_totals AS totals LEFT JOIN (
    SELECT dimensions_id, {totals} FROM (
        SELECT * FROM figure_sums
        WHERE summary = '{summary}' AND span = 'day' AND since >= :until_day AND since < :next_month_day
        UNION ALL
        SELECT * FROM figure_sums
        WHERE summary = '{summary}' AND span = 'month' AND since >= :next_month_day AND since < :next_year_day
        UNION ALL
        SELECT * FROM figure_sums WHERE summary = '{summary}' AND span = 'year' AND since >= :next_year_day
    ) AS spans GROUP BY dimensions_id
) AS later USING (dimensions_id) WHERE totals.summary = '{summary}'
"""
FLOW_SPANS = """
SELECT * FROM figure_sums WHERE summary = '{summary}' AND span IN ('flow', 'vague_flow')
    AND since >= :since_day AND since < :until_day
"""
SPANS = {"stock": STOCK_SPANS, "flows": FLOW_SPANS}
CHANGES = {
    "stock": "began_on < :until_day AND ended_on >= :until_day",
    "flows": "is_flow AND began_on >= :since_day AND began_on < :until_day",
}
CHANGES_OF_MOVEMENTS = {
    Summary.MOVEMENT: "movement IS NOT NULL AND began_on >= :since_day AND began_on < :until_day",
    Summary.DURATION: "duration IS NOT NULL AND began_on < :until_day",
}
# these summaries have only the numbers of households and of displaced persons
OF_PERSONS = (Summary.NEED, *CHANGES_OF_MOVEMENTS)
MONTH = "100 * extract(year FROM {day})::integer + CASE WHEN {known} THEN extract(month FROM {day})::integer ELSE 0 END"
VAGUE = "occurred_at_precision NOT IN ('hour', 'day')"
COUNTS = ("number", "number_imprecise", "number_corrected")
IMPRECISE = {
    "episodes": VAGUE,
    "stays": VAGUE,
    "passages": VAGUE,
    "counts": "(quantifier <> 'exact' OR coalesce(persons_estimated, false))",
}
HAVE_HOUSEHOLDS = ("stays", "passages", "sums")


class ReadNumbers(StrEnum):
    ALL = "all"
    PERSONS = "persons"
    HOUSEHOLDS = "households"


def tables(kind: Kind, summary: Summary | None) -> tuple[str, ...]:
    return SUMMED if summary else TABLES[kind]


def statements(query: FigureQuery, kind: Kind, summary: Summary | None) -> Iterator[tuple[str, bool]]:
    """Each statement comes with a flag, which is true if the rows are registered households.

    One statement reads all tables of households: a report that is stored meanwhile is in all numbers or in none.
    """
    registered = [(table, ReadNumbers.ALL) for table in tables(kind, summary) if table != "counts"]
    if summary and not query.is_whole:
        counted = [(table, ReadNumbers.HOUSEHOLDS) for table in TABLES[kind] if table != "counts"]
        registered = [("sums", ReadNumbers.PERSONS), *counted]
    yield " UNION ALL ".join(f"({statement(query, kind, *part)})" for part in registered), True
    yield statement(query, kind, "counts"), False


def statement(query: FigureQuery, kind: Kind, table: str, numbers: ReadNumbers = ReadNumbers.ALL) -> str:
    """The statement contains only the conditions of the query, so that PostgreSQL can use an index."""
    has_persons, has_households = numbers is not ReadNumbers.HOUSEHOLDS, numbers is not ReadNumbers.PERSONS
    is_grouped = table != "sums" or not has_all_dimensions(query, kind)
    persons_by_cell = cells(query, kind, table, is_grouped=is_grouped)
    return FIGURES.format(
        table=source(query, kind, table, query.summary(kind), numbers),
        grouped=GROUPED if is_grouped else "",
        period=PERIODS[kind],
        place=place(query),
        reasons=reasons(query),
        hazard_type="hazard_type" if query.has_hazard_type else "NULL::text",
        shelter=SHELTER if Dimension.SHELTER in query.by else "NULL::text",
        evacuation="evacuation" if Dimension.EVACUATION in query.by else "NULL::text",
        confirmation=confirmation(table) if Dimension.CONFIRMATION in query.by and kind == "stock" else "NULL::text",
        **(counts(table, is_grouped=is_grouped) if has_households else dict.fromkeys(COUNTS, "0")),
        **{name: assessment(query, table, name, is_grouped=is_grouped) for name in ASSESSMENT_NAMES},
        cells=", ".join(persons_by_cell if has_persons else ["0"] * len(persons_by_cell)),
        conditions=" AND ".join(conditions(query, kind, table)),
    )


# People in `episodes` have not moved since their displacement, so the report of the displacement confirmed them last.
CONFIRMED_AT = {"episodes": "reported_at", "stays": "confirmed_at"}


def confirmation(table: str) -> str:
    """Groups have no `ConfirmationState`, because a count confirms no household."""
    if table not in CONFIRMED_AT:
        return "NULL::text"
    unconfirmed = is_unconfirmed(CONFIRMED_AT[table])
    return f"CASE WHEN {unconfirmed} THEN '{ConfirmationState.UNCONFIRMED}' ELSE '{ConfirmationState.CONFIRMED}' END"


def is_unconfirmed(confirmed_at: str) -> str:
    return f"""{confirmed_at} < CASE mobility WHEN '{Mobility.EVACUATION}' THEN CAST(:evacuated_from AS timestamptz)
        ELSE CAST(:displaced_from AS timestamptz) END"""


def has_all_dimensions(query: FigureQuery, kind: Kind) -> bool:
    """If the figures have all dimensions, the rows of the sums need no grouping, which would take long."""
    return query.level > 0 and query.is_by_reason and query.summary(kind) in (Summary.DESTINATION, Summary.ORIGIN)


def counts(table: str, *, is_grouped: bool) -> dict[str, str]:
    if table == "sums":
        columns = ("households", "imprecise", "corrected")
        return dict(zip(COUNTS, [f"sum({name})" for name in columns] if is_grouped else columns, strict=True))
    return dict(
        zip(COUNTS, (number(table), number(table, IMPRECISE[table]), number(table, "version > 1")), strict=True)
    )


def source(
    query: FigureQuery, kind: Kind, table: str, summary: Summary | None, numbers: ReadNumbers = ReadNumbers.ALL
) -> str:
    if table == "sums" and summary:
        return sums(kind, summary, cell_columns(query))
    if table == "counts":
        return BY_ORIGIN if kind == "stock" else table
    needs_ages = numbers is ReadNumbers.ALL and is_aged(query, kind, table)
    return aged(table, kind, cell_columns(query)) if needs_ages else table


def sums(kind: Kind, summary: Summary, columns: Sequence[str]) -> str:
    is_flow, is_need = kind == "flows", summary is Summary.NEED
    numbers = ("households", "displaced") if summary in OF_PERSONS else (*NUMBERS, *columns)
    totals = ", ".join(f"coalesce(sum({name}), 0)::integer AS {name}" for name in numbers)
    return SUMS.format(
        summary=summary,
        spans=SPANS[kind].format(
            summary=summary,
            totals=totals,
            stock=", ".join(f"totals.{name} - coalesce(later.{name}, 0) AS {name}" for name in numbers),
        ),
        totals=totals,
        dimensions=OF_SUMS,
        all_dimensions=ALL_DIMENSIONS,
        dimensions_of_changes=OF_SUMS.replace("shelter", f"{SHELTER} AS shelter"),
        need="need" if is_need else "NULL",
        needs=f"CROSS JOIN LATERAL {GIVEN_NEEDS}" if is_need else "",
        period=MONTH.format(day="since", known="span = 'flow'") if is_flow else "NULL::integer",
        period_of_changes=MONTH.format(day="began_on", known="has_month") if is_flow else "NULL::integer",
        numbers=", ".join(numbers),
        table_of_changes="movement_changes" if summary in CHANGES_OF_MOVEMENTS else "figure_changes",
        changes=CHANGES_OF_MOVEMENTS.get(summary) or CHANGES[kind],
    )


def place(query: FigureQuery, view: View | None = None) -> str:
    """At level 0, one value stands for all P-codes of the country, so that the result has fewer rows."""
    pcode = f"{view or query.view}_pcode"
    return pcode if query.level else f"CASE WHEN {pcode} IS NOT NULL THEN '{COUNTRY}' END"


def reasons(query: FigureQuery) -> str:
    if not query.is_by_reason:
        return "CAST('{}' AS text[])"
    return "reasons" if query.rank is ReasonRank.ANY else "reason"


def number(table: str, condition: str | None = None) -> str:
    """The parts of a household count as one household."""
    where = f" FILTER (WHERE {condition})" if condition else ""
    return f"coalesce(sum(households){where}, 0)" if table in HAVE_HOUSEHOLDS else f"count(*){where}"


def assessment(query: FigureQuery, table: str, column: str, *, is_grouped: bool) -> str:
    """NULL if sexes or ages are selected: assessed persons are stored without sex and age."""
    if not query.is_whole:
        return "NULL::integer"
    return "0" if table == "counts" else (TOTAL if is_grouped else OF_SUM).format(column)
