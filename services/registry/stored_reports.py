"""Loads stored reports, households and groups, and decrypts them with the keys of their households and groups."""

# raw SQL throughout: the statements run for every batch of reports and must be fast

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import from_json
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.aads import code_aad, report_aad
from services.registry.decisions import SITE, Name, Owner
from services.registry.event_links.links import EventLink, EventLinks, add_event
from services.registry.filed_reports import Keys, filed_from, name_of, text_of
from services.registry.households.codes import MovementVersion
from services.registry.households.sites import ReportVersion
from services.registry.places.settlements import add_settlements
from services.registry.reports import AnyFiled, Filed, FiledMovement
from services.registry.search.keys import SearchKeys
from services.registry.storage_statements import (
    BY_SUBJECT,
    KNOWN_OF,
    LINKS,
    OUTCOMES,
    SITE_KEYS,
    UNIDENTIFIED,
    Connection,
)
from services.registry.subjects import Subject, put
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.vocabulary import HazardType, OutcomeKind, ReportKind
from shared.places import Places
from shared.postgres import database


class StoredReports:
    """`answer_id` is the person's answer about an event that this transaction executes."""

    def __init__(
        self,
        session: AsyncSession,
        encryption: EnvelopeEncryption,
        search: SearchKeys,
        places: Places,
        *,
        answer_id: UUID | None = None,
    ) -> None:
        self._session = session
        self._encryption = encryption
        self._search = search
        self.places = places
        self._answer_id = answer_id
        self._links: EventLinks = {}
        self._keys: Keys = {}
        self._known: set[Name] = set()

    def _unwrapped(self, kind: str, rows: Iterable[asyncpg.Record]) -> list[tuple[Name, Any]]:
        known = [((str(kind), str(row["subject_id"])), row) for row in rows]
        for name, row in known:
            self._known.add(name)
            self._keys[name] = self._encryption.unwrap(row["kek_id"], row["wrapped"])
        return known

    async def _find_keys(self, connection: Connection, reports: Iterable[asyncpg.Record]) -> None:
        """A stored version of a report may be about another household, whose key is not loaded yet."""
        missing = {name_of(row) for row in reports} - self._keys.keys()
        for kind, known in (*KNOWN_OF.items(), (SITE, SITE_KEYS)):
            if ids := [subject_id for of, subject_id in missing if of == kind]:
                self._unwrapped(kind, await connection.fetch(known, ids))

    def _subject(self, name: Name, row: asyncpg.Record, filed: Iterable[AnyFiled]) -> Subject:
        subject = Subject(
            name,
            Owner(str(row["author"]), text_of(row["team"])),
            row["registered_at"],
            sequence=row["sequence"],
            row_version=row["row_version"],
            drawn_code=self._code(name, row["sealed_code"]),
        )
        for report in sorted(filed, key=lambda report: report.clear.version):
            if report.subject == name and report.precedent.took_effect:
                subject.add(report)
            elif report.subject == name and isinstance(report, Filed) and report.precedent.is_duplicate:
                subject.keep_code(report)
        return subject

    def _code(self, name: Name, sealed: bytes | None) -> str | None:
        return self._keys[name].open(sealed, code_aad(name[1])).decode() if sealed else None

    def _filed(self, row: asyncpg.Record) -> AnyFiled:
        report_id, author, subject = str(row["report_id"]), str(row["author"]), name_of(row)
        plain = self._keys[subject].open(row["sealed"], report_aad(subject[1], report_id, row["version"], author))
        filed = filed_from(row, from_json(plain), plain)
        add_settlements(filed, self.places)
        add_event(filed, self._links)
        return filed

    async def _find_links(self, connection: Connection, ids: Collection[str]) -> None:
        """The caller has locked these households and groups."""
        if ids:
            rows = await connection.fetch(LINKS, ids, self._answer_id)
            self._links = {
                (str(subject_id), str(report_id)): EventLink(hazard_id, HazardType(hazard_type), pcode, occurred_at)
                for subject_id, report_id, hazard_id, hazard_type, pcode, occurred_at in rows
            }

    async def movements_of(
        self, kind: ReportKind, ids: Collection[str], *, without: Collection[ReportVersion] = ()
    ) -> list[FiledMovement]:
        """Returns the valid version of each movement that took effect."""
        connection = await database.driver(self._session)
        rows = await connection.fetch(BY_SUBJECT, list(ids), [kind])
        await self._find_keys(connection, rows)
        valid: dict[str, FiledMovement] = {}
        for movement in sorted(map(self._filed, rows), key=lambda report: report.clear.version):
            is_left_out = (movement.report_id, movement.clear.version) in without
            if isinstance(movement, FiledMovement) and movement.precedent.took_effect and not is_left_out:
                put(movement, valid)
        return list(valid.values())

    async def read_outcomes(self, movements: Collection[FiledMovement]) -> None:
        """The caller has locked the counts of these groups.

        Outcomes can change without a lock of the groups, so the outcomes are read again.
        """
        if not movements:
            return
        connection = await database.driver(self._session)
        rows = await connection.fetch(OUTCOMES, [movement.report_id for movement in movements])
        stored = {(str(row["report_id"]), row["version"], str(row["author"])): row for row in rows}
        for movement in movements:
            row = stored[movement.report_id, movement.clear.version, movement.author]
            movement.outcome, movement.reason = OutcomeKind(row["outcome"]), row["reason"]
            movement.outcome_id = str(row["outcome_id"])

    async def unidentified(self, versions: Iterable[MovementVersion]) -> list[FiledMovement]:
        """Returns only held movements whose household is unknown."""
        connection = await database.driver(self._session)
        rows = await connection.fetch(UNIDENTIFIED, *map(list, zip(*versions, strict=True)))
        await self._find_keys(connection, rows)
        return [filed for filed in map(self._filed, rows) if isinstance(filed, FiledMovement)]
