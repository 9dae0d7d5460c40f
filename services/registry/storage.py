"""Loads and locks the working set of a batch, and writes the changes."""

# raw SQL throughout: the statements run for every batch of reports and must be fast

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from services.registry import count_rows, movement_rows, rows
from services.registry.aads import code_aad
from services.registry.decisions import NOBODY, SITE, Name
from services.registry.filed_reports import identification, identity, refiling
from services.registry.groups.tallies import Tally
from services.registry.held.counts import list_held_counts, named_departures
from services.registry.households.sites import HouseholdSites, ReportVersion
from services.registry.reports import AnyFiled
from services.registry.sites.passages import site_passages, site_residents
from services.registry.storage_statements import (
    BY_REPORT,
    BY_SUBJECT,
    DELETE_KEYS,
    HELD_OF,
    HOUSEHOLD_TABLES,
    IDENTIFY,
    KEEP_CODE,
    KINDS_OF,
    KNOWN_OF,
    LOCK_OF,
    PCODES,
    REFILE,
    Connection,
    clear_away,
    lock_sites,
)
from services.registry.stored_reports import StoredReports
from services.registry.subjects import Subject, named_sites, reached
from services.registry.working_set import WorkingSet
from shared.events import Message
from shared.events.vocabulary import ReportKind
from shared.messaging import outbox
from shared.postgres import bulk_copy, database
from shared.postgres.bulk_copy import Copy


class Store(StoredReports):
    async def open(self, batch: Sequence[AnyFiled], besides: Collection[Name] = ()) -> WorkingSet:
        names, report_ids = {filed.subject for filed in batch} | {*besides}, [filed.report_id for filed in batch]
        return await self.open_at(names, report_ids, named_sites(batch))

    async def open_at(
        self, names: Collection[Name], report_ids: Sequence[str], site_ids: Collection[str] = ()
    ) -> WorkingSet:
        """Load and lock these households and groups with their reports.

        The reports with the ids `report_ids` are loaded, too.

        `site_ids` are the sites in the new reports. Two transactions at the same time may file a report that names a
        site, and a movement of everybody at the site. The later transaction waits for the locks, and sees the report of
        the earlier transaction.
        """
        connection = await database.driver(self._session)
        moved = {subject_id for kind, subject_id in names if kind == SITE}
        locked = await self._lock_sites(connection, names, report_ids, {*moved, *site_ids})
        known = [
            row
            for kind in KNOWN_OF
            if (ids := {subject_id for of, subject_id in names if of == kind})
            for row in await self._lock(connection, kind, ids)
        ]
        await self._find_links(connection, [id for (_, id), _ in known])
        reports = {identity(row): row for row in await connection.fetch(BY_REPORT, report_ids)}
        for kind in KNOWN_OF:
            # A household without an author has only held reports, which may wait for the household's first report.
            if ids := {subject_id for (of, subject_id), _ in known if of == kind}:
                rows = await connection.fetch(BY_SUBJECT, list(ids), KINDS_OF[kind])
                reports.update({identity(row): row for row in rows})
        await self._find_keys(connection, reports.values())
        filed = [self._filed(row) for row in reports.values()]
        subjects = [self._subject(name, row, filed) for name, row in known if row["author"]]
        sites = await self._locked_sites(connection, {*moved, *site_ids, *named_sites(filed)}, locked)
        working_set = WorkingSet.of(self.places, [*subjects, *sites], filed)
        working_set.links = self._links
        if notes := await self._household_sites(connection).notes_of([id for kind, id in names if kind != SITE]):
            versions = {version for noted in notes.values() for version in noted}
            before = await self._sites({site.name[1] for site in sites}, without=versions)
            working_set.judge_noted(notes, {site.name[1]: site for site in before})
        if moved:
            working_set.site_pcodes = {str(id): pcode for id, pcode in await connection.fetch(PCODES, list(moved))}
            for site_id in moved:
                working_set.site_reporters[site_id] = await self._household_sites(connection).reporters(site_id)
        return working_set

    async def _lock_sites(
        self, connection: Connection, names: Collection[Name], report_ids: Sequence[str], site_ids: set[str]
    ) -> set[bytes]:
        """Returns the keys of the locked sites.

        One statement locks all sites, before any household is locked. If sites and households were locked in different
        orders, workers could deadlock.
        """
        moved = [subject_id for kind, subject_id in names if kind == SITE]
        households = [subject_id for kind, subject_id in names if kind == ReportKind.HOUSEHOLD]
        listed = self._household_sites(connection)
        stored = await listed.of(households)
        held = await connection.fetch(HELD_OF, report_ids, [subject_id for _, subject_id in names])
        await self._find_keys(connection, held)
        wanted = site_ids | named_sites(map(self._filed, held))
        wanted |= reached(await self._sites(wanted))
        keys = stored | listed.keys(wanted)
        await lock_sites(connection, keys, listed.keys(moved))
        return keys

    async def _locked_sites(self, connection: Connection, wanted: set[str], locked: set[bytes]) -> list[Subject]:
        """Sites that other workers added meanwhile are locked, too."""
        sites, listed = await self._sites(wanted), self._household_sites(connection)
        while late := listed.keys(wanted | reached(sites)) - locked:
            await lock_sites(connection, late)
            locked = locked | late
            sites = await self._sites(wanted)
        return sites

    def _household_sites(self, connection: Connection) -> HouseholdSites:
        return HouseholdSites(connection, self._search)

    async def _sites(self, site_ids: set[str], *, without: Collection[ReportVersion] = ()) -> list[Subject]:
        """Sites to which everybody at a given site moved are included.

        The versions of movements that are listed in `without` are left out.
        """
        sites: dict[str, Subject] = {}
        known, new = site_ids, site_ids
        while new:
            movements = await self.movements_of(ReportKind.SITE_MOVEMENT, new, without=without)
            for movement in movements:
                name = movement.subject
                sites.setdefault(name[1], Subject(name, NOBODY, movement.received_at)).add(movement)
            new = named_sites(movements) - known
            known = known | new
        return list(sites.values())

    async def noted(self, *, most: int, steps: int) -> list[Name]:
        # the lock lets only one worker at a time take households from the list
        await self._session.execute(database.advisory_lock("unjudged households"))
        return await self._household_sites(await database.driver(self._session)).noted(most=most, steps=steps)

    async def _lock(self, connection: Connection, kind: ReportKind, ids: Collection[str]) -> list[tuple[Name, Any]]:
        return self._unwrapped(kind, await connection.fetch(KNOWN_OF[kind] + LOCK_OF[kind], list(ids)))

    async def save(
        self,
        working_set: WorkingSet,
        messages: Iterable[Message],
        tallies: Collection[Tally],
        outdated: Collection[str],
    ) -> None:
        """Write the changes: delete the old rows of each changed household or group, and write the new rows with COPY.

        `tallies` are all counts to write, even counts of unchanged groups. `outdated` are the report ids of counts
        whose rows are only deleted.
        """
        connection = await database.driver(self._session)
        changed = {
            kind: [subject for subject in working_set.changed.values() if subject.name[0] == kind] for kind in KNOWN_OF
        }
        changed_groups = [subject.name[1] for subject in changed[ReportKind.GROUP]]
        named_before = await named_departures(connection, changed_groups, outdated)
        await clear_away(connection, changed[ReportKind.HOUSEHOLD], "household_id", HOUSEHOLD_TABLES)
        await clear_away(connection, changed[ReportKind.GROUP], "group_id", ("groups", "counts", "group_stays"))
        if outdated:
            for table in ("counts", "group_stays"):
                await connection.execute(f"DELETE FROM {table} WHERE report_id = ANY($1::uuid[])", outdated)  # noqa: S608
        for subject in working_set.changed.values():
            subject.row_version += 1
        await bulk_copy.write(
            connection,
            [*self._new_keys(working_set), *self._copies(working_set, changed, tallies), outbox.copied(messages)],
        )
        await list_held_counts(connection, [tally.count for tally in tallies], named_before)
        await self.keep_codes(changed[ReportKind.HOUSEHOLD])
        await self._identify(working_set, connection)
        if working_set.refiled:
            await connection.executemany(REFILE, [refiling(report) for report in working_set.refiled])
        await self._note_households(working_set, connection)

    async def keep_codes(self, households: Iterable[Subject]) -> None:
        if drawn := [(subject.name, subject.drawn_code or "") for subject in households if subject.is_code_new]:
            codes = [(id, self._keys[kind, id].seal(code.encode(), code_aad(id))) for (kind, id), code in drawn]
            await (await database.driver(self._session)).executemany(KEEP_CODE, codes)

    async def _identify(self, working_set: WorkingSet, connection: Connection) -> None:
        if reports := working_set.identified:
            await connection.executemany(IDENTIFY, [identification(report, self._keys) for report in reports])
            await connection.execute(DELETE_KEYS, list(working_set.former_ids))

    async def _note_households(self, working_set: WorkingSet, connection: Connection) -> None:
        """Adds households to the list, and deletes the entries that this batch has applied."""
        listed = self._household_sites(connection)
        movements = sum(len(site.movements) for site in working_set.sites.values())
        for movement in working_set.site_movements:
            await listed.note(movement, working_set.subjects, movements=movements)
        if working_set.noted:
            await listed.delete_notes(working_set.noted)

    def _new_keys(self, working_set: WorkingSet) -> Iterator[Copy]:
        for kind in KNOWN_OF:
            reports = (*working_set.filed, *working_set.identified)
            new = {report.subject for report in reports if report.subject[0] == kind} - self._known
            yield Copy(f"{kind}_keys", (f"{kind}_id", "kek_id", "wrapped"), map(self._drawn, new))
        sites = {report.subject for report in working_set.filed if report.subject[0] == SITE} - self._known
        yield Copy("site_report_keys", ("site_id", "kek_id", "wrapped"), map(self._drawn, sites))

    def _drawn(self, name: Name) -> bulk_copy.Row:
        key = self._keys[name] = self._encryption.draw()
        return name[1], key.kek_id, key.wrapped

    def _copies(
        self,
        working_set: WorkingSet,
        changed: Mapping[ReportKind, Sequence[Subject]],
        tallies: Collection[Tally],
    ) -> Iterator[Copy]:
        """The caller must have generated missing keys."""
        keys, households, groups = self._keys, changed[ReportKind.HOUSEHOLD], changed[ReportKind.GROUP]
        searched_by = self._search.newest
        yield rows.reports(working_set.filed, keys)
        yield rows.households(households, keys, searched_by)
        yield rows.search_keys(households, self._search.of(searched_by.root_id))
        compared = {change.subject for change in working_set.changes if not change.is_movement}
        yield rows.uncompared(subject for subject in households if subject.name in compared)
        yield rows.members(households, keys)
        yield movement_rows.episodes(households)
        moved = [subject for subject in households if subject.has_movements]
        yield movement_rows.stays(moved)
        yield movement_rows.passages(moved)
        keys_of_sites = self._search.of(searched_by.root_id)
        at_sites = [subject for subject in households if subject.site_ids]
        yield rows.household_site_keys(at_sites, keys_of_sites)
        yield site_passages(moved, keys_of_sites)
        yield site_residents(at_sites, keys_of_sites)
        yield rows.groups(groups, keys)
        yield count_rows.counts(tallies)
        yield count_rows.group_stays(tallies)
