"""The SQL statements of figures."""

# raw SQL throughout: the statements are built from the filters of each query

from collections.abc import Iterator

from services.registry.figure_queries import Dimension, FigureQuery, Kind, ReasonRank
from services.registry.reports import CELL_NAMES
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import Reason, Shelter, SubStock
from shared.places.conditions import is_within

# The stock on a day contains each household at the destination of its latest move before the end of the day.
# The stock also includes each count of a group that is in effect at the end of the day.
# Filters apply to the latest move. A household that was displaced and then migrated does not count as displaced.
# `unable_to_move` is not a move.
STOCK = "superseded_at >= :until"
# Nobody has reported a movement of the people in `episodes`, so they are in location of displacement.
IN_DISPLACEMENT = f"'{SubStock.IN_DISPLACEMENT}' = ANY(:sub_stocks)"
OF_SUB_STOCK = "sub_stock = ANY(:sub_stocks)"
IN_SUB_STOCK = {"episodes": IN_DISPLACEMENT, "counts": OF_SUB_STOCK, "stays": OF_SUB_STOCK}
# A row of `counts` describes the people until the first movement of their group.
# From then on, `group_stays` describes the people who are left.
# If teams disagree, several counts of the same people are in effect, and only the highest is used.
OF_COUNT = f"""status, measure, occurred_at, origin_pcode, origin_country, destination_pcode, destination_country,
    reason, reasons, mobility, hazard_type, shelter, needs, evacuation, quantifier, persons_estimated, version, persons,
    superseded_at, {", ".join(CELL_NAMES)}"""
COUNTS_IN_EFFECT = f"""(
    SELECT DISTINCT ON (stock_id) * FROM (
        SELECT {OF_COUNT}, report_id, coalesce(stock_id, report_id) AS stock_id,
            coalesce(sub_stock, '{SubStock.IN_DISPLACEMENT}') AS sub_stock
        FROM counts
        WHERE status = :status AND measure = 'stock' AND superseded_at >= :until
            AND coalesce(counted_at, reported_at) < :until AND coalesce(changed_at, 'infinity') >= :until
        UNION ALL
        SELECT {OF_COUNT}, report_id, stock_id, sub_stock FROM group_stays
        WHERE status = :status AND measure = 'stock' AND superseded_at >= :until AND counted_at < :until
    ) AS present
    ORDER BY stock_id, persons DESC, report_id
) AS counts"""  # noqa: S608 - constants
MEASURES = {"stock": "measure = 'stock'", "flows": "measure = 'flow'"}
SCOPE = f"""CASE
    WHEN destination_country = '{UNKNOWN_COUNTRY}' THEN 'unknown'
    WHEN destination_country <> '{COUNTRY}' THEN 'abroad'
    WHEN origin_country = '{UNKNOWN_COUNTRY}' THEN 'origin_unknown'
    WHEN origin_country <> '{COUNTRY}' THEN 'from_abroad'
    ELSE 'within'
END"""
# This expression has the same rule as `shared.displacement_reasons.onset`.
ONSET = f"""CASE
    WHEN reason <> '{Reason.NATURAL_DISASTER}' THEN CASE WHEN reason = ANY(:slow_reasons) THEN 'slow' END
    WHEN hazard_type = ANY(:slow_hazard_types) THEN 'slow'
    ELSE 'sudden'
END"""
IS_VISIBLE = is_within("coalesce(destination_pcode, origin_pcode)", "visible")
# Python computes scopes, month names and units, because there are fewer result rows than table rows.
FIGURES = """
SELECT {period}, {view}_pcode, origin_country, destination_country, mobility, {reasons}, {hazard_type}, {shelter},
    {evacuation}, {number}, {number_imprecise}, {number_corrected}, {cells}
FROM {table} WHERE {conditions}
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
# Rows that earlier releases wrote have no kind of shelter.
SHELTER = f"coalesce(shelter, '{Shelter.UNKNOWN}')"
PERIODS = {"stock": "NULL::integer", "flows": "period"}
# A row of `episodes` describes a household until its first movement; from then on `stays` describe its parts.
# The movement `displaced_again` is a new displacement, so its passages are flows.
TABLES = {"stock": ("episodes", "stays", "counts"), "flows": ("episodes", "passages", "counts")}
VAGUE = "occurred_at_precision NOT IN ('hour', 'day')"
IMPRECISE = {
    "episodes": VAGUE,
    "stays": VAGUE,
    "passages": VAGUE,
    "counts": "(quantifier <> 'exact' OR coalesce(persons_estimated, false))",
}
ALL_CELLS = {
    "episodes": "displaced",
    "stays": "displaced",
    "passages": "displaced",
    "counts": "persons",
}  # the sum of all cells of sex and age


def statement(query: FigureQuery, kind: Kind, table: str) -> str:
    """The SQL statement, with only the conditions that the query needs, because PostgreSQL can then use an index."""
    chosen = set(query.chosen)
    cells = [f"coalesce(sum({name}), 0)" if index in chosen else "0" for index, name in enumerate(CELL_NAMES)]
    return FIGURES.format(
        table=source(kind, table),
        period=PERIODS[kind],
        view=query.view.value,
        reasons="reasons" if query.rank is ReasonRank.ANY else "reason",
        hazard_type="hazard_type" if query.has_hazard_type else "NULL::text",
        shelter=SHELTER if Dimension.SHELTER in query.by else "NULL::text",
        evacuation="evacuation" if Dimension.EVACUATION in query.by else "NULL::text",
        number=number(table),
        number_imprecise=number(table, IMPRECISE[table]),
        number_corrected=number(table, "version > 1"),
        cells=", ".join(cells),
        conditions=" AND ".join(conditions(query, kind, table)),
    )


def persons(query: FigureQuery, table: str) -> str:
    """The SQL expression for the number of persons of the selected sexes and ages."""
    cells = [f"coalesce({CELL_NAMES[index]}, 0)" for index in query.chosen]
    return f"coalesce(sum({ALL_CELLS[table] if query.is_whole else ' + '.join(cells) or '0'}), 0)"


def source(kind: Kind, table: str) -> str:
    return COUNTS_IN_EFFECT if (kind, table) == ("stock", "counts") else table


def number(table: str, condition: str | None = None) -> str:
    """The SQL expression for the number of households or groups. A household in several parts counts once."""
    where = f" FILTER (WHERE {condition})" if condition else ""
    return f"coalesce(sum(households){where}, 0)" if table in ("stays", "passages") else f"count(*){where}"


def conditions(query: FigureQuery, kind: Kind, table: str) -> Iterator[str]:
    yield "status = :status AND mobility = ANY(:mobilities)"
    yield from (MEASURES[kind],) if table == "counts" else ()
    yield from ("occurred_at < :until",) if query.until else ()
    yield from ("occurred_at >= :since",) if query.since and kind == "flows" else ()
    yield from (STOCK,) if kind == "stock" else ()
    yield from (IN_SUB_STOCK[table],) if kind == "stock" else ()
    yield from ("movement = 'displaced_again'",) if table == "passages" else ()
    yield from (IS_VISIBLE,) if query.visible is not None else ()
    yield from (is_within(f"{query.view.value}_pcode", "pcodes"),) if query.pcodes is not None else ()
    yield from reason_conditions(query)
    yield from ("hazard_type = ANY(:hazard_types)",) if query.hazard_types else ()
    yield from (f"{SHELTER} = ANY(:shelters)",) if query.shelters else ()
    yield from (f"({SCOPE}) = ANY(:scopes)",) if query.scopes else ()
    yield is_chosen(query, table)


def reason_conditions(query: FigureQuery) -> Iterator[str]:
    """With the rank `any`, a single reason must meet all conditions, which then read the column of `given`."""
    wanted = [
        *(["reason = ANY(:reasons)"] if query.reasons else []),
        *([f"({ONSET}) = ANY(:onsets)"] if query.onsets else []),
    ]
    if query.rank is ReasonRank.ONLY:
        yield "reason = ALL(reasons)"
    if query.rank is ReasonRank.ANY and wanted:
        yield f"EXISTS (SELECT FROM unnest(reasons) AS given(reason) WHERE {' AND '.join(wanted)})"
    else:
        yield from wanted


def is_chosen(query: FigureQuery, table: str) -> str:
    """The SQL condition that the row has persons of the selected sexes and ages."""
    if query.is_whole:
        return f"{ALL_CELLS[table]} > 0"
    cells = ", ".join(CELL_NAMES[index] for index in query.chosen)
    return f"num_nonnulls({cells}) > 0" if cells else "false"
