"""The names of the sites that an exposure alert is about, as the board shows them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import BoardAlert
from services.console.queries import groups
from shared.pages.languages import name_in

MOST_NAMED = 3


class NamedSites(NamedTuple):
    names: str
    others: int


async def named(session: AsyncSession, alerts: Iterable[BoardAlert], language: str) -> Mapping[UUID, NamedSites]:
    """A site has no name here until the board has received an event about the site."""
    ids = {alert.alert_id: [UUID(site_id) for site_id in alert.figures.get("sites", ())] for alert in alerts}
    known = await groups.sites(session, {site_id for site_ids in ids.values() for site_id in site_ids})
    names = {site.site_id: name_in(language, (site.name_ky, site.name_ru, site.name_en)) for site in known}
    return {
        alert_id: NamedSites(", ".join(listed[:MOST_NAMED]), len(site_ids) - len(listed[:MOST_NAMED]))
        for alert_id, site_ids in ids.items()
        if (listed := sorted(names[site_id] for site_id in site_ids if site_id in names))
    }
