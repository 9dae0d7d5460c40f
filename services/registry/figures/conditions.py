"""The conditions in the SQL statements that compute figures."""

# raw SQL throughout: the conditions are parts of the statements that compute figures

from collections.abc import Iterator

from services.registry.figures.cells import is_chosen
from services.registry.figures.queries import FigureQuery, Kind, ReasonRank, View
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import Reason, Shelter, SubStock
from shared.places.conditions import is_within

# The stock on a day contains each household once: at the destination of its latest move up to that day. A count of a
# group is in the stock if the count is in effect at the end of the day. The filters are compared with the latest move.
# For example, a household that was displaced and migrated later is counted as a household of migrants. The mobility
# `unable_to_move` is not a move.
STOCK = "superseded_at >= :until"
# Nobody in `episodes` has moved yet, so everybody is in the location of displacement.
IN_DISPLACEMENT = f"'{SubStock.IN_DISPLACEMENT}' = ANY(:sub_stocks)"
OF_SUB_STOCK = "sub_stock = ANY(:sub_stocks)"
IN_SUB_STOCK = {"sums": OF_SUB_STOCK, "episodes": IN_DISPLACEMENT, "counts": OF_SUB_STOCK, "stays": OF_SUB_STOCK}
MEASURES = {"stock": "measure = 'stock'", "flows": "measure = 'flow'"}
SCOPE = f"""CASE
    WHEN destination_country = '{UNKNOWN_COUNTRY}' THEN 'unknown'
    WHEN destination_country <> '{COUNTRY}' THEN 'abroad'
    WHEN origin_country = '{UNKNOWN_COUNTRY}' THEN 'origin_unknown'
    WHEN origin_country <> '{COUNTRY}' THEN 'from_abroad'
    ELSE 'within'
END"""
# The rule is the same as in `shared.displacement_reasons.onset`.
ONSET = f"""CASE
    WHEN reason <> '{Reason.NATURAL_DISASTER}' THEN CASE WHEN reason = ANY(:slow_reasons) THEN 'slow' END
    WHEN hazard_type = ANY(:slow_hazard_types) THEN 'slow'
    ELSE 'sudden'
END"""
# Rows that earlier releases of Dayar wrote have no kind of shelter.
SHELTER = f"coalesce(shelter, '{Shelter.UNKNOWN}')"


def conditions(query: FigureQuery, kind: Kind, table: str) -> Iterator[str]:
    yield from people_conditions(query)
    yield from (MEASURES[kind],) if table == "counts" else ()
    if table != "sums":
        yield from period_conditions(query, kind)
    yield from (IN_SUB_STOCK[table],) if kind == "stock" else ()
    yield from ("movement = 'displaced_again'",) if table == "passages" else ()
    yield from (f"{SHELTER} = ANY(:shelters)",) if query.shelters else ()
    yield from (f"({SCOPE}) = ANY(:scopes)",) if query.scopes else ()
    if table != "sums":
        yield is_chosen(query, kind, table)


def people_conditions(
    query: FigureQuery, *, origin: str = "origin_pcode", destination: str = "destination_pcode"
) -> Iterator[str]:
    """`origin` and `destination` are the columns of the two places."""
    yield "status = :status AND mobility = ANY(:mobilities)"
    yield from (is_within(f"coalesce({destination}, {origin})", "visible"),) if query.visible is not None else ()
    selected = origin if query.view is View.ORIGIN else destination
    yield from (is_within(selected, "pcodes"),) if query.pcodes is not None else ()
    yield from reason_conditions(query)
    yield from ("hazard_type = ANY(:hazard_types)",) if query.hazard_types else ()


def period_conditions(query: FigureQuery, kind: Kind) -> Iterator[str]:
    yield from ("occurred_at < :until",) if query.until else ()
    yield from ("occurred_at >= :since",) if query.since and kind == "flows" else ()
    yield from (STOCK,) if kind == "stock" else ()


def reason_conditions(query: FigureQuery) -> Iterator[str]:
    """If the rank is `any`, a single reason must meet all conditions.

    The conditions read the name `reason`, so the SQL lists the reasons as `given(reason)`.
    """
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
