"""The SQL of the counted people on a day, in which nobody is counted twice.

If teams disagree about the same people, several counts are in effect, and only the highest is used. A count of
everybody at a site states no origin, and includes the people whom earlier counts at the site count by their origin. A
figure has these people at their origin, and only the rest of the count of everybody as people of unknown origin. If
people of one origin are counted again later, the later count is added, and the earlier one stays in what is subtracted,
as in `shared/places/site_counts.py`.
"""

# raw SQL throughout: the expressions are parts of the statements of figures

from services.registry.reports import CELL_NAMES, UNKNOWN
from shared.events.vocabulary import DISPLACED, SubStock

DESCRIBED = """status, measure, occurred_at, origin_pcode, origin_country, destination_pcode, destination_country,
    reason, reasons, mobility, hazard_type, shelter, needs, evacuation, quantifier, persons_estimated, version,
    superseded_at"""
OF_COUNT = f"{DESCRIBED}, persons, {', '.join(CELL_NAMES)}"
# A row of `counts` describes the people until the first movement of their group.
# From then on, `group_stays` describes the people who are left.
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
ORDER = "(coalesce({0}.counted_at, {0}.reported_at), {0}.reported_at, {0}.report_id)"
IS_AT_SITE = f"""status = :status AND measure = 'stock' AND site_id IS NOT NULL
    AND coalesce(sub_stock, '{SubStock.IN_DISPLACEMENT}') = '{SubStock.IN_DISPLACEMENT}'
    AND mobility IN ({", ".join(f"'{mobility}'" for mobility in DISPLACED)})"""
AT_SITES = f"SELECT * FROM counts WHERE {IS_AT_SITE}"  # noqa: S608
WHOLES = "SELECT at_site.* FROM at_sites AS at_site JOIN present USING (report_id) WHERE at_site.covers_site"
# The people of an earlier count who were left on the day or, if the count was replaced before, when it was replaced.
LEFT_ON = "least(:until, earlier.superseded_at)"
LEFT = f"""CASE WHEN coalesce(earlier.changed_at, 'infinity') >= {LEFT_ON} THEN earlier.persons ELSE (
    SELECT persons FROM group_stays AS stay
    WHERE stay.report_id = earlier.report_id AND stay.counted_at < {LEFT_ON} AND stay.superseded_at >= {LEFT_ON}
) END"""  # noqa: S608
INCLUDED = f"""
SELECT whole.report_id, sum(stock.persons)::integer AS persons
FROM wholes AS whole CROSS JOIN LATERAL (
    SELECT max({LEFT}) AS persons FROM at_sites AS earlier
    WHERE earlier.site_id = whole.site_id AND NOT coalesce(earlier.covers_site, false)
        AND {ORDER.format("earlier")} < {ORDER.format("whole")}
        AND NOT EXISTS (
            SELECT FROM counts AS recount
            WHERE recount.report_id = earlier.superseded_by AND {ORDER.format("recount")} < {ORDER.format("whole")}
        )
    GROUP BY coalesce(earlier.stock_id, earlier.report_id)
) AS stock
GROUP BY 1
"""  # noqa: S608
REST = "greatest(0, present.persons - coalesce(included.persons, 0))"
# Nobody knows the sexes and ages of the rest.
CELLS = [
    f"CASE WHEN included.persons > 0 THEN {REST if number == UNKNOWN else 0} ELSE {name} END AS {name}"
    for number, name in enumerate(CELL_NAMES)
]
# Of several counts of everybody at a site, the latest includes all people.
BY_ORIGIN = f"""(
    WITH present AS ({PRESENT}), at_sites AS ({AT_SITES}), wholes AS ({WHOLES}), included AS ({INCLUDED})
    SELECT {DESCRIBED}, sub_stock, {REST} AS persons, {", ".join(CELLS)}
    FROM present LEFT JOIN included USING (report_id)
    WHERE NOT EXISTS (
        SELECT FROM wholes AS own JOIN wholes AS later USING (site_id)
        WHERE own.report_id = present.report_id AND {ORDER.format("own")} < {ORDER.format("later")}
    )
) AS counts"""  # noqa: S608
# The people by the latest count that includes them. The count of everybody at a site knows their needs best.
BY_LATEST_COUNT = f"""(
    WITH present AS ({PRESENT}), at_sites AS ({AT_SITES}), wholes AS ({WHOLES})
    SELECT * FROM present
    WHERE NOT EXISTS (
        SELECT FROM at_sites AS own JOIN wholes AS later USING (site_id)
        WHERE own.report_id = present.report_id AND {ORDER.format("own")} < {ORDER.format("later")}
    )
) AS counts"""  # noqa: S608
