"""The SQL for the number of counted people on a day. Nobody is counted twice.

If teams disagree about the same people, only the highest count is used. A count of everybody at a site states no
origin. Earlier counts at the site may count some of the same people by their origin. A figure shows the people of
earlier counts by their origin, and all other people as people of unknown origin. If the count of everybody found fewer
people than the earlier counts, a figure reduces the earlier counts in proportion. After a recount of the people of one
origin, a figure uses the recount, but still subtracts the earlier count from the count of everybody. The module
`shared/places/site_counts.py` follows the same rule.
"""

# raw SQL throughout: the expressions are parts of the statements that compute figures

from services.registry.reports import CELL_NAMES, UNKNOWN
from shared.events.vocabulary import DISPLACED, SubStock

DESCRIBED = """status, measure, occurred_at, origin_pcode, origin_country, destination_pcode, destination_country,
    reason, reasons, mobility, hazard_type, shelter, needs, evacuation, quantifier, persons_estimated, version,
    superseded_at"""
OF_COUNT = f"{DESCRIBED}, persons, {', '.join(CELL_NAMES)}"
# A row of `counts` describes the people until the first movement of their group.
# After the first movement, `group_stays` describes the people who are left.
PRESENT = f"""
SELECT DISTINCT ON (stock_id) * FROM (
    SELECT {OF_COUNT}, report_id, coalesce(stock_id, report_id) AS stock_id,
        coalesce(sub_stock, '{SubStock.IN_DISPLACEMENT}') AS sub_stock
    FROM counts
    WHERE status = :status AND measure = 'stock' AND superseded_at >= :until
        AND coalesce(counted_at, reported_at) < :until AND coalesce(changed_at, 'infinity') >= :until
    UNION ALL
    SELECT {OF_COUNT}, report_id, stock_id, sub_stock FROM group_stays
    WHERE status = :status AND measure = 'stock' AND superseded_at >= :until AND counted_at < :until
) AS counted
ORDER BY stock_id, persons DESC, report_id
"""  # noqa: S608 - constants
ORDER = "ROW(coalesce({0}.counted_at, {0}.reported_at), {0}.reported_at, {0}.report_id)"
IS_AT_SITE = f"""status = :status AND measure = 'stock' AND site_id IS NOT NULL
    AND coalesce(sub_stock, '{SubStock.IN_DISPLACEMENT}') = '{SubStock.IN_DISPLACEMENT}'
    AND mobility IN ({", ".join(f"'{mobility}'" for mobility in DISPLACED)})"""
AT_SITES = f"""
SELECT report_id, site_id, covers_site, persons, counted_at, reported_at, changed_at, superseded_at, superseded_by,
    coalesce(stock_id, report_id) AS stock, {ORDER.format("counts")} AS position
FROM counts WHERE {IS_AT_SITE}
"""  # noqa: S608
# If teams disagree about everybody at a site, a figure uses the highest count. `position` is the position of the newest
# count, which includes people who came between the two counts. A site may have several counts of everybody, for example
# of displaced people and of evacuees. The latest of several counts of everybody includes all people at the site.
WHOLES = """
SELECT *, row_number() OVER (PARTITION BY site_id ORDER BY position DESC) = 1 AS is_latest FROM (
    SELECT DISTINCT ON (own.report_id) own.report_id, newest.site_id, newest.position
    FROM present JOIN at_sites AS own USING (report_id) JOIN at_sites AS newest USING (stock)
    WHERE own.covers_site AND newest.covers_site AND newest.superseded_at >= :until
        AND coalesce(newest.counted_at, newest.reported_at) < :until
    ORDER BY own.report_id, newest.position DESC
) AS whole
"""
# LEFT is the number of people of an earlier count who were still displaced at the time LEFT_ON. LEFT_ON is the end of
# the day, or the time of the replacement for a count that was replaced before.
LEFT_ON = "least(:until, earlier.superseded_at)"
LEFT = f"""CASE WHEN coalesce(earlier.changed_at, 'infinity') >= {LEFT_ON} THEN earlier.persons ELSE (
    SELECT persons FROM group_stays AS stay
    WHERE stay.report_id = earlier.report_id AND stay.counted_at < {LEFT_ON} AND stay.superseded_at >= {LEFT_ON}
) END"""  # noqa: S608
# Each row states how many people of an earlier count are included in a count of everybody. If `is_present` is false,
# figures use a later count instead of the earlier count.
INCLUDED_STOCKS = f"""
SELECT whole.report_id, earlier.stock, max({LEFT}) AS persons,
    bool_or(earlier.report_id IN (SELECT report_id FROM present)) AS is_present
FROM wholes AS whole JOIN at_sites AS earlier USING (site_id)
WHERE whole.is_latest AND NOT coalesce(earlier.covers_site, false) AND earlier.position < whole.position
    AND NOT EXISTS (
        SELECT FROM counts AS recount
        WHERE recount.report_id = earlier.superseded_by AND {ORDER.format("recount")} < whole.position
    )
GROUP BY 1, 2
"""  # noqa: S608
INCLUDED = """
SELECT report_id, sum(persons)::integer AS persons,
    coalesce(sum(persons) FILTER (WHERE NOT is_present), 0)::integer AS recounted
FROM included_stocks GROUP BY 1
"""
# If the count of everybody found fewer people than the earlier counts, nobody knows the origin of the missing people.
# Each earlier count gets a share of `found`, the number of people whom the count of everybody found. Each share is the
# difference of two rounded running totals, so that the sum of all shares is exactly `found`.
REDUCED = """
SELECT stock, (running * found / total - (running - persons) * found / total)::integer AS persons FROM (
    SELECT stock, stocks.persons, sum(stocks.persons) OVER (PARTITION BY report_id ORDER BY stock) AS running,
        included.persons - recounted AS total, greatest(0, present.persons - recounted) AS found
    FROM included_stocks AS stocks JOIN included USING (report_id) JOIN present USING (report_id)
    WHERE is_present
) AS shares WHERE total > found
"""


def without(included: str, rest: str = "NULL::integer") -> str:
    """`rest` is SQL for the number of people who are in no included count, or NULL.

    The sexes and ages of the rest are unknown.
    """
    left = f"coalesce({rest}, greatest(0, present.persons - coalesce(included.{included}, 0)))"
    is_rest = f"{rest} IS NOT NULL OR included.{included} > 0"
    cells = [
        f"CASE WHEN {is_rest} THEN {left if number == UNKNOWN else 0} ELSE {name} END AS {name}"
        for number, name in enumerate(CELL_NAMES)
    ]
    return ", ".join((f"{left} AS persons", *cells))


TABLES = f"""present AS ({PRESENT}), at_sites AS ({AT_SITES}), wholes AS ({WHOLES}),
    included_stocks AS ({INCLUDED_STOCKS}), included AS ({INCLUDED})"""
BY_ORIGIN = f"""(
    WITH {TABLES}, reduced AS ({REDUCED})
    SELECT {DESCRIBED}, sub_stock, {without("persons", rest="reduced.persons")}
    FROM present LEFT JOIN included USING (report_id) LEFT JOIN reduced ON reduced.stock = present.stock_id
    WHERE NOT EXISTS (SELECT FROM wholes WHERE wholes.report_id = present.report_id AND NOT is_latest)
) AS counts"""  # noqa: S608
# A person in several counts is only in the latest of these counts. Figures of needs use this table, because the latest
# count of everybody at a site is the best source of needs.
BY_LATEST_COUNT = f"""(
    WITH {TABLES}
    SELECT {DESCRIBED}, sub_stock, {without("recounted")}
    FROM present LEFT JOIN included USING (report_id)
    WHERE NOT EXISTS (
        SELECT FROM at_sites AS own JOIN wholes AS later USING (site_id)
        WHERE own.report_id = present.report_id AND own.report_id <> later.report_id
            AND later.is_latest AND own.position < later.position
    )
) AS counts"""  # noqa: S608
