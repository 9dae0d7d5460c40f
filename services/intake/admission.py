"""Decides whether a caller may send a report. Publishes the accepted reports of a request."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from services.intake import reports
from services.intake.channels.formats import BatchFormat, Report, SingleFormat
from services.intake.clocks import Clocks
from services.intake.counts import REFUSED, Counts
from services.intake.drafting import Drafting, ReportSender
from services.intake.drafts import Draft
from services.intake.hazard_scopes import HazardScopes
from services.intake.observed_hazards import ObservedHazardReport, attributed
from services.intake.publication import Answer, Publication
from services.intake.recent_hazards import RecentHazards
from services.intake.refusals import ForeignEvent, ForeignSource, Invalid, MayNotRelease, ReportRefused, SignInExpired
from services.intake.sent_reports import SentReports
from shared.auth.role_groups import CMC
from shared.auth.tokens import Principal, Role
from shared.events import OF_PEOPLE, HazardReport, enterer
from shared.events.vocabulary import Status
from shared.places import Places

PRACTICE = (Status.EXERCISE, Status.TEST)
Admitted = tuple[Draft, Answer]


@dataclass(frozen=True, slots=True)
class AdmissionRules:
    places: Places
    is_exercise: bool

    def draft(self, report: Report, sender: ReportSender) -> Draft:
        """Raises ReportRefused."""
        if self.is_exercise and report.status not in PRACTICE:
            raise Invalid([{"pointer": "/status", "expected": "Exercise or Test, as this is an exercise installation"}])
        principal, clocks = sender.principal, Clocks(sender.now, sender.clock)
        if isinstance(report, ObservedHazardReport):
            may_report_now(principal)
            return reports.hazard(attributed(report, principal), principal, clocks=clocks, places=self.places)
        if isinstance(report, HazardReport):
            may_report(principal, report)
            return reports.hazard(report, principal, clocks=clocks, places=self.places)
        return reports.displacement(report, principal, clocks=clocks, places=self.places)


def may_report_now(principal: Principal) -> None:
    """Raises SignInExpired if the caller may not report hazards now."""
    # With an expired sign-in, intake accepts only displacements, because the registry can hold them until a person
    # decides.
    if principal.is_expired:
        raise SignInExpired


def may_report(principal: Principal, report: HazardReport) -> None:
    """Raises ReportRefused unless the caller may report the hazard now."""
    may_report_now(principal)
    # an old token may name OF_PEOPLE, but no account may report for these sources
    sources = principal.sources - OF_PEOPLE
    if report.source not in sources and principal.roles.isdisjoint(CMC):
        raise ForeignSource
    if report.released_revision is not None:
        if principal.roles.isdisjoint(CMC):
            raise MayNotRelease
        return
    entered_by = enterer(report.source, report.source_id)
    if entered_by not in (None, principal.account) and Role.DUTY_HEAD not in principal.roles:
        raise ForeignEvent


class Admission:
    def __init__(
        self,
        drafting: Drafting,
        publication: Publication,
        counts: Counts,
        scopes: HazardScopes,
        recent_hazards: RecentHazards,
        sent_reports: SentReports,
    ) -> None:
        self.drafting, self.publication, self.counts = drafting, publication, counts
        self._scopes, self._recent_hazards, self._sent_reports = scopes, recent_hazards, sent_reports

    @contextmanager
    def counting_refusals(self, principal: Principal) -> Iterator[None]:
        try:
            yield
        except ReportRefused:
            self.counts.add(principal.channel, REFUSED)
            raise

    async def admit(self, raw: bytes, format: SingleFormat, sender: ReportSender) -> Admitted:
        """Raises ReportRefused."""
        draft = await self.drafting.single(raw, format, sender)
        await self._scopes.settle([draft])
        answer = await self.publication.publish(draft)
        self._recent_hazards.note(draft, answer)
        self._sent_reports.note(draft, answer, sender)
        self.counts.note_ended(sender.principal)
        return draft, answer

    async def admit_batch(
        self, raw: bytes, format: BatchFormat, sender: ReportSender
    ) -> Sequence[Admitted | ReportRefused]:
        """The results are in the order of the reports.

        Raises ReportRefused if the body cannot be split into reports.
        """
        results = await self._publish(await self.drafting.batch(raw, format, sender), sender)
        for result in results:
            if not isinstance(result, ReportRefused):
                self._sent_reports.note(*result, sender)
        return results

    async def admit_reports(
        self, reports: Sequence[Report], sender: ReportSender
    ) -> Sequence[Admitted | ReportRefused]:
        """The results are in the order of the reports.

        The caller must note the sent reports, because only the caller knows the line of each report in the sheet.
        """
        return await self._publish(await self.drafting.reports(reports, sender), sender)

    async def _publish(
        self, items: Sequence[Draft | ReportRefused], sender: ReportSender
    ) -> Sequence[Admitted | ReportRefused]:
        drafts = [item for item in items if not isinstance(item, ReportRefused)]
        self.counts.add(sender.principal.channel, REFUSED, len(items) - len(drafts))
        await self._scopes.settle(drafts)
        answers = await self.publication.publish_batch(drafts)
        for draft, answer in zip(drafts, answers, strict=True):
            self._recent_hazards.note(draft, answer)
        self.counts.note_ended(sender.principal, len(drafts))
        remaining = iter(answers)
        return [item if isinstance(item, ReportRefused) else (item, next(remaining)) for item in items]
