"""Routes for the list of sites, for changes of a site, and for its person in charge."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from services.registry.models import Site
from services.registry.sites import queries as site_queries
from services.registry.sites import refused_sheets
from services.registry.sites import sheets as site_sheets
from services.registry.sites.changes import SiteConflict, SiteStore, described
from services.registry.sites.imports import RowVerdict, SiteImport
from services.registry.sites.sheets import BadSheet, SiteSheet
from services.registry.sites.sites import SHELTERS, PersonInCharge, SiteVersion, is_own_settlement, is_own_unit
from shared import audit
from shared.audit import Action, Result
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.fields import RandomId
from shared.events.sites import SiteDescription
from shared.events.vocabulary import Shelter, SiteNeed
from shared.pages.languages import language_of
from shared.places import Places
from shared.postgres.database import Session
from shared.sheets.refused import XLSX
from shared.web.problems import Problem

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]
CODES = "|".join((*site_sheets.COLUMNS, site_sheets.REASONS, site_sheets.SKIPPED))
Columns = Annotated[str, Query(pattern=rf"^(({CODES})(,({CODES}))*)?$", max_length=1_000)]
MOST = 1_000
CHANGED = "Somebody else has changed this site meanwhile. Load it again."
KNOWN = "A site with this name is known at this place."


class SiteView(SiteDescription):
    """A site.

    `needs_since` maps each need to the time when the need was first stated. `shelter` is the kind of shelter.
    """

    site_id: UUID
    version: int
    shelter: Shelter
    needs_since: dict[SiteNeed, datetime]
    has_person_in_charge: bool
    changed_at: datetime


class SitePage(BaseModel):
    sites: list[SiteView]
    next: UUID | None = None


class ImportedRowView(BaseModel):
    """The result of a row. `errors` are pairs of a column and the expected value."""

    model_config = ConfigDict(from_attributes=True)

    line: int
    verdict: RowVerdict
    name: str | None
    site_id: UUID | None
    errors: tuple[tuple[str, str], ...]


class SiteColumnView(BaseModel):
    """A column of the sheet. `column` is the name of the import's column that this column fills.

    A column that is not read is `reasons` or `skipped`.
    """

    label: str
    column: str


class ImportedSheet(BaseModel):
    """`unread_sheets` are the names of the sheets of the workbook that the import does not read."""

    columns: list[SiteColumnView]
    rows: list[ImportedRowView]
    unread_sheets: tuple[str, ...]


@router.get("/v1/sites")
async def sites(
    session: Session, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=MOST)] = MOST
) -> SitePage:
    """All sites of the country, in the order of their ids.

    The list is not limited to the caller's areas, so that a report can name any site.
    """
    rows = await site_queries.page(session, limit, after)
    return SitePage(sites=[view(site) for site in rows], next=rows[-1].site_id if len(rows) == limit else None)


@router.get("/v1/sites/{site_id}")
async def site(site_id: UUID, session: Session) -> SiteView:
    known = await site_queries.site(session, site_id)
    if known is None:
        raise not_found()
    return view(known)


@router.put("/v1/sites/{site_id}")
async def save_site(
    site_id: RandomId, body: SiteVersion, request: Request, session: Session, caller: Caller
) -> SiteView:
    """Add a site with version 1, or change a site by its next version. A repeated request changes nothing.

    The answer is 409 (`changed-meanwhile`) if somebody else changed the site meanwhile. The answer is 409
    (`site-known`) if the new site is already known under another id. Both 409 answers contain the known site as `site`.
    """
    check_unit(body, caller, request.app.state.places)
    await site_queries.lock(session)
    known = await site_queries.site(session, site_id)
    if known is not None and not caller.covers(known.pcode, request.app.state.places):
        raise not_found()
    before = known.version if known else None
    if before is None and body.version != 1:
        raise invalid("/version", "1 for a new site")
    try:
        saved = await store(request, session, caller).save(site_id, body)
    except SiteConflict as conflict:
        raise problem_of(conflict, site_id) from None
    if saved.version != before:
        await audit.add(session, audit.entry_of(request, Action.SITE_CHANGED, objects=[site_id]))
    return view(saved)


@router.get("/v1/sites/{site_id}/person-in-charge")
async def person_in_charge(site_id: UUID, request: Request, session: Session, caller: Caller) -> PersonInCharge:
    """The person in charge of a site in the caller's areas.

    The caller must have stated a purpose, and the read is written to the security log.
    """
    known = await site_queries.site(session, site_id)
    is_seen = known is not None and caller.covers(known.pcode, request.app.state.places)
    person = await store(request, session, caller).person(known) if known is not None and is_seen else None
    if person is None:
        refusal = audit.entry_of(request, Action.READ, result=Result.REFUSED, objects=[site_id], reason="not-found")
        await audit.write(request.app.state.sessions, refusal)
        raise not_found()
    await audit.add(session, audit.entry_of(request, Action.READ, objects=[site_id], reason=caller.purpose))
    return person


@router.post("/v1/sites:import")
async def import_sites(
    request: Request, session: Session, caller: Caller, columns: Columns = "", *, dry_run: bool = False
) -> ImportedSheet:
    """Add the sites of an XLSX or CSV sheet (the body, at most 64 KiB).

    With `dry_run`, nothing is added, and the answer states the result that each row would have. A known site is never
    changed.

    The columns are name_ky, name_ru, name_en, type, state, pcode, locality, locality_pcode, lat, lon, capacity, needs,
    person_in_charge and phone; `type`, `pcode` and one name are required. `columns` lists the names of the columns in
    the order of the sheet, with `skipped` for a column that is not read. If `columns` does not list a column, the
    import guesses its name from the label.
    """
    sheet = await read_sheet(request, columns)
    imported = await site_import(request, session, caller).run(sheet.rows, is_dry_run=dry_run)
    if not dry_run:
        added = [row.site_id for row in imported if row.verdict is RowVerdict.ADDED and row.site_id]
        await audit.add(session, audit.entry_of(request, Action.SITE_CHANGED, objects=added, reason="import"))
    return ImportedSheet(
        columns=[
            SiteColumnView(label=label, column=column)
            for label, column in zip(sheet.labels, sheet.columns, strict=True)
        ],
        rows=[ImportedRowView.model_validate(row) for row in imported],
        unread_sheets=sheet.unread,
    )


@router.post("/v1/sites:refused")
async def refused_sites(request: Request, session: Session, caller: Caller, columns: Columns = "") -> Response:
    """The rows of a sheet that the import refuses, as an XLSX workbook with reasons in the reader's language."""
    sheet = await read_sheet(request, columns)
    imported = await site_import(request, session, caller).run(sheet.rows, is_dry_run=True)
    content = await asyncio.to_thread(refused_sheets.workbook, sheet, imported, language_of(request))
    headers = {"content-disposition": 'attachment; filename="not-accepted.xlsx"'}
    return Response(content, media_type=XLSX, headers=headers)


async def read_sheet(request: Request, columns: str) -> SiteSheet:
    """Raises Problem if the body is no sheet of sites."""
    raw = await request.body()
    try:
        return await asyncio.to_thread(site_sheets.read, raw, list(filter(None, columns.split(","))))
    except BadSheet as error:
        raise Problem(422, error.fault or "bad-sheet", str(error)) from None


def site_import(request: Request, session: Session, caller: Principal) -> SiteImport:
    places: Places = request.app.state.places
    return SiteImport(store(request, session, caller), lambda pcode: is_own_unit(pcode, caller.areas, places))


def check_unit(site: SiteDescription, caller: Principal, places: Places) -> None:
    """Raise Problem unless the P-code names a district (or a city without districts) in the caller's areas.

    The code of the locality must lie in the unit of the P-code.
    """
    if not is_own_unit(site.pcode, caller.areas, places):
        raise invalid("/pcode", "the P-code of a district or city in your areas")
    if not is_own_settlement(site, places):
        raise invalid("/locality_pcode", "the code of a settlement in the unit of `pcode`")


def invalid(pointer: str, expected: str) -> Problem:
    errors = [{"pointer": pointer, "expected": expected}]
    return Problem(422, "invalid", "Check the listed fields.", errors=errors)


def store(request: Request, session: Session, caller: Principal) -> SiteStore:
    state = request.app.state
    status, now = state.settings.counted_status, datetime.now(UTC)
    return SiteStore(session, state.encryption, state.places, status, caller.account, now)


def problem_of(conflict: SiteConflict, site_id: UUID) -> Problem:
    known: dict[str, Any] = view(conflict.site).model_dump(mode="json")
    if conflict.site.site_id == site_id:
        return Problem(409, "changed-meanwhile", CHANGED, site=known)
    return Problem(409, "site-known", KNOWN, site=known)


def not_found() -> Problem:
    return Problem(404, "not-found", "There is no such site.")


def view(site: Site) -> SiteView:
    description = described(site)
    return SiteView(
        **description.model_dump(),
        site_id=site.site_id,
        version=site.version,
        shelter=SHELTERS[description.type],
        needs_since={SiteNeed(need): since for need, since in site.needs.items()},
        has_person_in_charge=site.sealed is not None,
        changed_at=site.changed_at,
    )
