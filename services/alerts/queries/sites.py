"""SQL for sites where displaced people stay, and for counted groups without a site. The caller commits."""

# raw SQL throughout: the task that counts exposures runs these statements every second

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import asdict, fields
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import SiteResidents, SiteRow
from services.alerts.projections import ListedSite
from shared.events import SiteResidentsChanged
from shared.events.vocabulary import Mobility, Status
from shared.postgres import database
from shared.postgres.upsert import upsert

_site = TypeAdapter(ListedSite)
COLUMNS = ", ".join(f"sites.{field.name}" for field in fields(ListedSite))
# A count of everybody at a site replaces all earlier counts there. A row that the previous release of Dayar stored has
# no time of the count, and is valid until the next event about the count.
IS_PRESENT = """
counted.is_counted AND counted.persons > 0 AND counted.mobility = ANY($1)
    AND NOT EXISTS (
        SELECT FROM replaced_counts AS replaced
        WHERE replaced.report_id = counted.report_id AND replaced.sequence > counted.sequence
    )
    AND NOT EXISTS (
        SELECT FROM counted_groups AS whole
        WHERE whole.site_id = counted.site_id AND whole.status = counted.status AND whole.is_counted
            AND whole.covers_site AND whole.counted_at > counted.counted_at
    )
"""
WITH_PEOPLE = f"""
SELECT present.status, {COLUMNS}
FROM (
    SELECT counted.status, counted.site_id FROM counted_groups AS counted
    WHERE counted.site_id IS NOT NULL AND {IS_PRESENT}
    UNION SELECT status, site_id FROM site_residents WHERE persons > 0
) AS present JOIN sites USING (site_id)
"""  # noqa: S608 - constants
# Selects people of counted groups whose site is not stated, or is not in the list. If teams count a stock differently,
# the highest count is used.
HAS_NO_SITE = "NOT EXISTS (SELECT FROM sites WHERE sites.site_id = counted.site_id)"
WITHOUT_SITE = f"""
SELECT counted.status, destination_area AS area, stock_id, max(persons) AS persons,
    coalesce(max(locality_pcode), '') AS locality
FROM counted_groups AS counted
WHERE {IS_PRESENT} AND destination_area IS NOT NULL AND {HAS_NO_SITE}
GROUP BY counted.status, destination_area, stock_id
"""  # noqa: S608 - constants
IN_AREAS = f"SELECT * FROM ({WITH_PEOPLE}) AS sites WHERE area = ANY($2) ORDER BY site_id"  # noqa: S608
POINTS = "SELECT area, lat, lon FROM sites WHERE lat IS NOT NULL AND lon IS NOT NULL"
NAMED = f"SELECT {COLUMNS} FROM sites WHERE site_id = ANY($1) ORDER BY name_ru, site_id"  # noqa: S608


async def save_sites(session: AsyncSession, sites: Iterable[ListedSite]) -> None:
    """Ignores an older version of a site.

    `counts.due` later finds the exposure alerts that the changed sites concern.
    """
    await upsert(session, SiteRow, [asdict(site) for site in sites], newer_by="version")


async def save_residents(session: AsyncSession, residents: Iterable[SiteResidentsChanged]) -> None:
    """Ignores an older sum of a site."""
    rows = [event.model_dump(include={"site_id", "status", "sequence", "persons", "households"}) for event in residents]
    await upsert(session, SiteResidents, rows, newer_by="sequence")


async def with_people(
    session: AsyncSession, areas: Collection[str], mobility: Collection[Mobility]
) -> dict[tuple[Status, str], list[ListedSite]]:
    connection = await database.driver(session)
    sites = defaultdict[tuple[Status, str], list[ListedSite]](list)
    for status, *row in await connection.fetch(IN_AREAS, list(mobility), list(areas)):
        site = ListedSite(*row)
        sites[Status(status), site.area].append(site)
    return sites


async def points(session: AsyncSession) -> list[tuple[str, float, float]]:
    connection = await database.driver(session)
    return [tuple(row) for row in await connection.fetch(POINTS)]


async def named(session: AsyncSession, site_ids: Collection[UUID]) -> list[ListedSite]:
    connection = await database.driver(session)
    return [_site.validate_python(dict(row)) for row in await connection.fetch(NAMED, list(site_ids))]
