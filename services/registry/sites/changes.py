"""Stores a new or changed site with its event. The person in charge is encrypted with a key of the site."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.aads import row_aad
from services.registry.households.events import SOURCE
from services.registry.models import Site, SiteKey
from services.registry.sites import queries as site_queries
from services.registry.sites.named_in_words import NamedSite, list_groups_named
from services.registry.sites.sites import PersonInCharge, SiteVersion, is_same_site, with_settlement
from shared import events
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.crypto.randomness import random_id
from shared.events import SiteChanged
from shared.events.sites import SiteDescription
from shared.events.vocabulary import Status
from shared.messaging import outbox
from shared.places import Places


class SiteConflict(Exception):
    """Somebody else has changed the site meanwhile, or the new site is already stored under another id.

    `site` is the stored site.
    """

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site


@dataclass(frozen=True, slots=True)
class SiteStore:
    """Writes sites in the transaction of `session`, in the name of the user `account`.

    The caller must lock the sites first.
    """

    session: AsyncSession
    encryption: EnvelopeEncryption
    places: Places
    status: Status
    account: UUID
    now: datetime
    _named: list[NamedSite] = field(default_factory=list)  # sites with a new name, a changed name, or another unit

    async def save(self, site_id: UUID, version: SiteVersion) -> Site:
        """A version that is stored is not stored a second time. Raises SiteConflict."""
        site = await self._save(site_id, version)
        await self.list_counts()
        return site

    async def _save(self, site_id: UUID, version: SiteVersion) -> Site:
        version = with_settlement(version, self.places)
        known = await site_queries.site(self.session, site_id)
        if known is None:
            await self._check_twins(site_id, version)
            return await self.add(site_id, version)
        person = await self.person(known)
        wanted = person if version.keeps_person else version.person_in_charge
        if version.version == known.version and (described(known), person) == (plain(version), wanted):
            return known
        if version.version != known.version + 1:
            raise SiteConflict(known)
        if not is_same_site(self.described(known), version):
            await self._check_twins(site_id, version)
        return await self._write(known, version, wanted)

    async def add(self, site_id: UUID, version: SiteVersion) -> Site:
        """Store a new site. The caller has checked that the site is not stored under another id.

        After the last new site of a batch, call `list_counts`.
        """
        site = Site(site_id=site_id, needs={})
        self.session.add(site)
        return await self._write(site, version.model_copy(update={"version": 1}), version.person_in_charge)

    async def list_counts(self) -> None:
        """List the counts that may name the stored sites in words, because the worker must compute them again."""
        await list_groups_named(self.session, self._named, self.places)

    async def _check_twins(self, site_id: UUID, version: SiteVersion) -> None:
        """Raises SiteConflict if another site at the same place has an equal name."""
        for other in await site_queries.with_pcode(self.session, version.pcode):
            if other.site_id != site_id and is_same_site(self.described(other), version):
                raise SiteConflict(other)

    def described(self, site: Site) -> SiteDescription:
        """If the code of the locality is missing, the code of the gazetteer is added."""
        return with_settlement(described(site), self.places)

    async def person(self, site: Site) -> PersonInCharge | None:
        key = await site_queries.key(self.session, site.site_id)
        if site.sealed is None or key is None:
            return None
        opened = self.encryption.unwrap(key.kek_id, key.wrapped).open(site.sealed, aad(site))
        return PersonInCharge.model_validate(from_json(opened))

    async def _write(self, site: Site, version: SiteVersion, person: PersonInCharge | None) -> Site:
        known_as = words(site)
        for name, value in plain(version).model_dump(mode="json", exclude={"needs"}).items():
            setattr(site, name, value)
        site.needs = {need.value: site.needs.get(need, self.now.isoformat()) for need in version.needs}
        site.version, site.changed_at, site.changed_by = version.version, self.now, self.account
        site.sealed = await self._sealed(site, person)
        await self.session.flush()
        event = SiteChanged(
            **described(site).model_dump(),
            site_id=site.site_id,
            version=site.version,
            status=self.status,
            changed_at=self.now,
        )
        await outbox.add(self.session, events.message(event, id=random_id(), source=SOURCE, time=self.now))
        if words(site) != known_as:
            pcodes, names = {known_as[0], site.pcode}, {*known_as[1:], *words(site)[1:]}
            self._named.append(NamedSite(site.site_id, {*filter(None, pcodes)}, {*filter(None, names)}))
        return site

    async def _sealed(self, site: Site, person: PersonInCharge | None) -> bytes | None:
        """The site gets a new key, so that nobody can decrypt older copies of the row."""
        if site.sealed is not None:
            await self.session.execute(delete(SiteKey).where(SiteKey.site_id == site.site_id))
        if person is None:
            return None
        key = self.encryption.draw()
        self.session.add(SiteKey(site_id=site.site_id, kek_id=key.kek_id, wrapped=key.wrapped))
        return key.seal(person.model_dump_json().encode(), aad(site))


def words(site: Site) -> tuple[str | None, ...]:
    """A count may name the site by P-code and name instead of the id."""
    return site.pcode, site.name_ky, site.name_ru, site.name_en


def aad(site: Site) -> bytes:
    return row_aad(str(site.site_id), site.version)


def described(site: Site) -> SiteDescription:
    values: dict[str, Any] = {name: getattr(site, name) for name in SiteDescription.model_fields}
    return SiteDescription.model_validate({**values, "needs": tuple(site.needs)})


def plain(version: SiteVersion) -> SiteDescription:
    return SiteDescription.model_validate(version.model_dump(include=set(SiteDescription.model_fields)))
