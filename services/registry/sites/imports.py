"""Adds the sites of a sheet. An import never changes a stored site: the data of the desk take precedence."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from services.registry.models import Site
from services.registry.sites import queries as site_queries
from services.registry.sites.changes import SiteStore, plain
from services.registry.sites.sheets import SheetRow
from services.registry.sites.sites import SiteVersion, is_own_settlement, locality, names, with_settlement
from shared.events.sites import SiteDescription
from shared.places.localities import joined

Key = tuple[str, str, str, str]


class RowVerdict(StrEnum):
    """The result for a row of the sheet.

    `differs` means that the stored site has other values, which the import does not change.
    """

    ADDED = "added"
    KNOWN = "known"
    DIFFERS = "differs"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """For the verdict `differs`, `errors` names the columns that differ."""

    line: int
    verdict: RowVerdict
    name: str | None = None
    site_id: UUID | None = None
    errors: tuple[tuple[str, str], ...] = ()


class SiteImport:
    """The caller commits."""

    def __init__(self, store: SiteStore, is_permitted: Callable[[str], bool]) -> None:
        self._store = store
        self._is_permitted = is_permitted
        self._known: dict[Key, Site] = {}

    async def run(self, rows: Iterable[SheetRow], *, is_dry_run: bool) -> list[ImportedRow]:
        """A dry run ends with a rollback.

        Nothing is added for a row whose site is stored, or was in an earlier row.
        """
        await site_queries.lock(self._store.session)
        for site in await site_queries.everything(self._store.session):
            self._remember(site, self._store.described(site))
        imported = [await self._import(row) for row in rows]
        if is_dry_run:
            await self._store.session.rollback()
        else:
            await self._store.list_counts()
        return imported

    async def _import(self, row: SheetRow) -> ImportedRow:
        if row.site is None:
            return ImportedRow(row.line, RowVerdict.REFUSED, errors=row.errors)
        name = next(filter(None, row.site.names))
        if not self._is_permitted(row.site.pcode):
            expected = (("pcode", "the P-code of a unit in your areas"),)
            return ImportedRow(row.line, RowVerdict.REFUSED, name, errors=expected)
        if not is_own_settlement(row.site, self._store.places):
            expected = (("locality_pcode", "the code of a settlement in the unit of `pcode`"),)
            return ImportedRow(row.line, RowVerdict.REFUSED, name, errors=expected)
        described = with_settlement(row.site, self._store.places)
        known = next((self._known[key] for key in keys(described) if key in self._known), None)
        if known is None:
            site = await self._store.add(uuid4(), described)
            self._remember(site, plain(described))
            return ImportedRow(row.line, RowVerdict.ADDED, name, site.site_id)
        columns = await self._differences(known, described)
        verdict = RowVerdict.DIFFERS if columns else RowVerdict.KNOWN
        return ImportedRow(row.line, verdict, name, known.site_id, tuple((column, "") for column in columns))

    async def _differences(self, known: Site, row: SiteVersion) -> Sequence[str]:
        """An empty cell is no difference."""
        given = row.model_dump(include=row.model_fields_set & SiteDescription.model_fields.keys())
        site = self._store.described(known)
        stored, is_there = site.model_dump(), locality(site).is_same(locality(row))
        columns = [
            column
            for column, value in given.items()
            if value not in (None, ())
            and differ(value, stored[column])
            and not (is_there and column in ("locality", "locality_pcode"))
        ]
        if row.person_in_charge and row.person_in_charge != await self._store.person(known):
            columns.append("person_in_charge")
        return columns

    def _remember(self, site: Site, description: SiteDescription) -> None:
        for key in keys(description):
            self._known.setdefault(key, site)


def differ(value: Any, stored: Any) -> bool:
    """Spaces, capitals and punctuation are ignored. Kyrgyz letters are treated like the similar Russian letters."""
    texts = isinstance(value, str) and isinstance(stored, str)
    return joined(value) != joined(stored) if texts else bool(value != stored)


def keys(site: SiteDescription) -> Iterator[Key]:
    """Two descriptions with a common key describe one site."""
    return ((site.pcode, *locality(site).key(site.pcode), name) for name in sorted(names(site)))
