"""Finds the movements of everybody at a site that concerned the people of a household."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import report_queries
from services.registry.decisions import NOBODY, SITE, Name
from services.registry.filed_reports import filed_from
from services.registry.households.timelines import StoredVersion
from services.registry.models import Report
from services.registry.report_queries import Versions, in_order
from services.registry.reports import NEVER, AnyFiled, FiledMovement
from services.registry.subjects import Subject, named_sites
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.vocabulary import ReportKind

OF_SITE = (ReportKind.SITE_MOVEMENT,)


async def movements_of(
    session: AsyncSession, encryption: EnvelopeEncryption, household_id: UUID, versions: Sequence[StoredVersion]
) -> Versions:
    """The oldest version comes first.

    `versions` are all versions of the household's own reports.
    """
    household = subject_of((ReportKind.HOUSEHOLD, str(household_id)), versions)
    of_sites = await _at_sites(session, encryption, household.site_ids)
    sites = {site_id: subject_of((SITE, site_id), about) for site_id, about in by_site(of_sites).items()}
    concerning = concerned_by(household, sites)
    return [version for version in of_sites if str(version["report_id"]) in concerning]


async def _at_sites(session: AsyncSession, encryption: EnvelopeEncryption, site_ids: Iterable[str]) -> Versions:
    """If everybody at a site moved to another site, the movements at the other site are included."""
    all_versions: Versions = []
    known, new = set[str](), set(site_ids)
    while new:
        about = Report.subject_id.in_(map(UUID, new))
        versions = await report_queries.versions(session, encryption, SITE, about, kinds=OF_SITE)
        known, all_versions = known | new, [*all_versions, *versions]
        new = named_sites(map(filed, versions)) - known
    return in_order(all_versions)


def concerned_by(household: Subject, sites: Mapping[str, Subject]) -> set[str]:
    """A reversed movement is included if it concerned the household."""
    household.look_at(sites)
    concerning = followed(household)
    for site in sites.values():
        for movement in [movement for movement in site.movements.values() if movement.clear.is_reversed]:
            site.movements[movement.report_id] = restored(movement)
            household.look_at(sites)
            concerning |= followed(household) & {movement.report_id}
            site.movements[movement.report_id] = movement
    return concerning


def followed(household: Subject) -> set[str]:
    return {report_id for course in household.courses.by_departure.values() for report_id in course.site_movements}


def restored(movement: FiledMovement) -> FiledMovement:
    return replace(movement, clear=movement.clear.model_copy(update={"is_reversed": False}))


def subject_of(name: Name, versions: Iterable[StoredVersion]) -> Subject:
    reports = sorted(map(filed, versions), key=lambda report: report.clear.version)
    subject = Subject(name, NOBODY, min((report.received_at for report in reports), default=NEVER))
    for report in reports:
        if report.precedent.took_effect:
            subject.add(report)
    return subject


def filed(version: StoredVersion) -> AnyFiled:
    return filed_from(version, version["report"])


def by_site(versions: Iterable[StoredVersion]) -> Mapping[str, Versions]:
    about = defaultdict[str, Versions](list)
    for version in versions:
        about[str(version["subject_id"])].append(dict(version))
    return about
