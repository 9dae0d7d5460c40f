"""Checks a sheet of households, and sends its rows as reports. Rows that any account has already sent are skipped."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake import sent_reports
from services.intake.admission import Admission, Admitted
from services.intake.drafting import ReportSender
from services.intake.publication import Answer
from services.intake.refusals import ReportRefused
from services.intake.sent_reports import SentNote
from services.intake.sheets import matches, queries
from services.intake.sheets.cells import RowError
from services.intake.sheets.choices import ChosenSheet, SheetChoices
from services.intake.sheets.households import HouseholdReader
from services.intake.sheets.sheet_households import SheetHousehold
from shared.audit import Entry
from shared.events import HouseholdReport
from shared.events.vocabulary import SubmissionChannel
from shared.places import Places
from shared.sheets.codes import RowFault, SheetRowVerdict
from shared.sheets.reading import read
from shared.sheets.sheet import FileFault, UnreadableFile

T = TypeVar("T")

AT_ONCE = 500
VERDICTS = {
    Answer.ACCEPTED: SheetRowVerdict.SENT,
    Answer.SPOOLED: SheetRowVerdict.SENT,
    Answer.DUPLICATE: SheetRowVerdict.KNOWN,
    # An earlier request has sent the row, and was cut off before its commit.
    Answer.CONFLICT: SheetRowVerdict.KNOWN,
    Answer.FULL: SheetRowVerdict.REFUSED,
}
# Rows with these verdicts are sent only after a person's confirmation.
UNLESS_CONFIRMED = SheetRowVerdict.CHANGED, SheetRowVerdict.CHANGED_ELSEWHERE


@dataclass(frozen=True, slots=True)
class CheckedFile:
    names: tuple[str, ...]
    chosen: ChosenSheet
    rows: tuple[SheetHousehold, ...]


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """`report_id` is None for a wrong row, and for a row that another account has sent."""

    row: SheetHousehold
    verdict: SheetRowVerdict
    errors: tuple[RowError, ...] = ()
    report_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SentBefore:
    """`heads` are the heads of households that the account or its team has sent.

    `matches` maps each head that another team has sent to the report of that team.
    """

    own: Collection[UUID] = ()
    others: Collection[UUID] = ()
    heads: Collection[UUID] = ()
    matches: Mapping[UUID, UUID] = field(default_factory=dict)

    def match(self, row: SheetHousehold) -> UUID | None:
        return next((self.matches[id] for id in row.head_ids if id in self.matches), None)


def checked(raw: bytes, choices: SheetChoices, reader: HouseholdReader) -> CheckedFile:
    """Read the file and make reports of its rows.

    Takes seconds for the largest file, so call this in a thread. Raises UnreadableFile.
    """
    sheets = read(raw)
    if choices.sheet >= len(sheets):
        raise UnreadableFile(FileFault.EMPTY)
    chosen = ChosenSheet(sheets[choices.sheet], choices)
    return CheckedFile(tuple(sheet.name for sheet in sheets), chosen, tuple(reader.rows(chosen)))


class SheetImport:
    """When a verdict tells the account about a report of another team, `entry` goes into the security log."""

    def __init__(
        self,
        admission: Admission,
        sessions: async_sessionmaker[AsyncSession],
        sender: ReportSender,
        places: Places,
        entry: Entry,
    ) -> None:
        self._admission, self._sessions, self._places, self._entry = admission, sessions, places, entry
        self._sender = replace(sender, principal=replace(sender.principal, channel=SubmissionChannel.IMPORT))

    async def judge(self, rows: Sequence[SheetHousehold]) -> list[JudgedRow]:
        """Return a verdict for each row, without sending a row. Raises TooManyMatches."""
        sent_before = await self._sent_before(rows)
        judgements = [judged(row, sent_before) for row in rows]
        changed_elsewhere = {
            report_id
            for row in judgements
            if row.verdict is SheetRowVerdict.CHANGED_ELSEWHERE and (report_id := sent_before.match(row.row))
        }
        if changed_elsewhere:
            async with self._sessions.begin() as session:
                await matches.record(session, self._entry, changed_elsewhere)
        return judgements

    async def send(self, rows: Sequence[SheetHousehold], confirmed: Collection[int] = ()) -> list[JudgedRow]:
        """Send the new rows, and return a verdict for each row.

        `confirmed` are the lines of changed rows that a person has confirmed as different households. After a crash,
        the same sheet can be sent again without copies. Raises TooManyMatches.
        """
        judgements = await self.judge(rows)
        new = [place for place, row in enumerate(judgements) if is_sent(row, confirmed)]
        for places in batched(new):
            results = await self._send_new({place: judgements[place].row for place in places})
            for place, row in results.items():
                judgements[place] = row
            lost = [place for place in places if place not in results]
            for place, row in zip(lost, await self.judge([judgements[place].row for place in lost]), strict=True):
                judgements[place] = row
        return judgements

    async def _send_new(self, rows: Mapping[int, SheetHousehold]) -> dict[int, JudgedRow]:
        """Send the rows that no concurrent request sends.

        The ids of the rows are committed after the reports are sent. After a crash between sending and commit, the rows
        can be sent again.
        """
        reports = {place: row.report for place, row in rows.items() if row.report}
        account, now = self._sender.principal.account, self._sender.now
        async with self._sessions.begin() as session:
            claimed = await queries.claim(session, [report.report_id for report in reports.values()], account, now)
            reports = {place: report for place, report in reports.items() if report.report_id in claimed}
            results = await self._admission.admit_reports(list(reports.values()), self._sender)
            judgements = {place: sent(rows[place], result) for place, result in zip(reports, results, strict=True)}
            refused = [place for place, row in judgements.items() if row.verdict is SheetRowVerdict.REFUSED]
            await sent_reports.save(session, self._notes(dict(zip(reports, results, strict=True)), rows))
            await queries.release(session, [reports[place].report_id for place in refused])
            heads: dict[UUID, HouseholdReport] = {
                id: reports[place] for place in judgements.keys() - set(refused) for id in rows[place].head_ids
            }
            await queries.remember_heads(session, heads, self._team, now)
        return judgements

    def _notes(
        self, results: Mapping[int, Admitted | ReportRefused], rows: Mapping[int, SheetHousehold]
    ) -> list[SentNote]:
        """Return a note for each accepted report, with the line of its row."""
        accepted = {
            place: result[0]
            for place, result in results.items()
            if not isinstance(result, ReportRefused) and result[1] is not Answer.FULL
        }
        notes = [
            sent_reports.note_of(draft, self._sender, rows[place].line.number) for place, draft in accepted.items()
        ]
        return [note for note in notes if note]

    @property
    def _team(self) -> list[UUID]:
        """Heads are stored for the account and for its team, because the team may correct the account's households."""
        principal = self._sender.principal
        return [principal.account, *([principal.team] if principal.team else [])]

    async def _sent_before(self, rows: Sequence[SheetHousehold]) -> SentBefore:
        account, deduplication = self._sender.principal.account, self._admission.publication.deduplication
        own: set[UUID] = set()
        others: set[UUID] = set()
        heads: set[UUID] = set()
        matched: dict[UUID, UUID] = {}
        # Read heads before reports, because another request may commit between the two reads. In the opposite order, a
        # row that was just sent would look changed, because its head would be found without its report.
        for some in batched([id for row in rows for id in row.head_ids]):
            async with self._sessions() as session:
                heads.update(await queries.known_heads(session, some, self._team))
                matched |= await matches.matches(
                    session, some, principal=self._sender.principal, team=self._team, places=self._places
                )
        for some in batched([id for row in rows for id in ids_of(row)]):
            # Valkey also knows reports that have no receipt yet, and reports of requests that were cut off before their
            # commit.
            own.update(await deduplication.accepted(account, some) or ())
            async with self._sessions() as session:
                for report_id, author in await queries.authors(session, some):
                    (own if author == account else others).add(report_id)
        return SentBefore(own, others, heads, matched)


def batched(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))


def ids_of(row: SheetHousehold) -> Iterator[UUID]:
    if row.report:
        yield row.report.report_id
        yield from row.other_ids


def judged(row: SheetHousehold, before: SentBefore) -> JudgedRow:
    if row.report is None:
        return JudgedRow(row, SheetRowVerdict.REFUSED, row.errors)
    ids = list(ids_of(row))
    if own := next((id for id in ids if id in before.own), None):
        return JudgedRow(row, SheetRowVerdict.KNOWN, report_id=own)
    if any(id in before.others for id in ids):
        return JudgedRow(row, SheetRowVerdict.KNOWN_ELSEWHERE)
    verdict = SheetRowVerdict.NEW
    if any(id in before.heads for id in row.head_ids):
        verdict = SheetRowVerdict.CHANGED
    elif before.match(row):
        verdict = SheetRowVerdict.CHANGED_ELSEWHERE
    return JudgedRow(row, verdict, report_id=row.report.report_id)


def is_sent(judged: JudgedRow, confirmed: Collection[int]) -> bool:
    is_confirmed = judged.verdict in UNLESS_CONFIRMED and judged.row.line.number in confirmed
    return is_confirmed or judged.verdict is SheetRowVerdict.NEW


def sent(row: SheetHousehold, result: Admitted | ReportRefused) -> JudgedRow:
    verdict = SheetRowVerdict.REFUSED if isinstance(result, ReportRefused) else VERDICTS[result[1]]
    errors = (RowError(None, RowFault.STATUS),) if verdict is SheetRowVerdict.REFUSED else ()
    return JudgedRow(row, verdict, errors, row.report.report_id if row.report else None)
