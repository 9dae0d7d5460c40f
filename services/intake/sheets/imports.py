"""Checks a sheet of households, and sends its rows as reports. A row that the account has sent before is not sent."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake import receipt_queries
from services.intake.admission import Admission, Admitted
from services.intake.deduplication import Deduplication
from services.intake.drafting import ReportSender
from services.intake.publication import Answer
from services.intake.refusals import ReportRefused
from services.intake.sheets.cells import RowError
from services.intake.sheets.choices import ChosenSheet, SheetChoices
from services.intake.sheets.households import HouseholdReader, SheetHousehold
from shared.events.vocabulary import SubmissionChannel
from shared.sheets.codes import RowFault, SheetRowVerdict
from shared.sheets.reading import read
from shared.sheets.sheet import FileFault, UnreadableFile

T = TypeVar("T")

AT_ONCE = 500  # rows that are looked up or sent at once
VERDICTS = {
    Answer.ACCEPTED: SheetRowVerdict.SENT,
    Answer.SPOOLED: SheetRowVerdict.SENT,
    Answer.DUPLICATE: SheetRowVerdict.KNOWN,
    Answer.CONFLICT: SheetRowVerdict.KNOWN,  # the row is sent by two requests at the same time
    Answer.FULL: SheetRowVerdict.REFUSED,
}


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """The names of the file's sheets, and the chosen sheet with a result for each of its rows."""

    names: tuple[str, ...]
    chosen: ChosenSheet
    rows: tuple[SheetHousehold, ...]


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """`report_id` is the id under which the row is known; else the id of its report, if it has one."""

    row: SheetHousehold
    verdict: SheetRowVerdict
    errors: tuple[RowError, ...] = ()
    report_id: UUID | None = None
    is_corrected: bool = False  # a row with the same head and day, and other cells, was sent before


def checked(raw: bytes, choices: SheetChoices, reader: HouseholdReader) -> CheckedFile:
    """Read the file. Takes seconds for the largest file. Raises UnreadableFile."""
    sheets = read(raw)
    if choices.sheet >= len(sheets):
        raise UnreadableFile(FileFault.EMPTY)
    chosen = ChosenSheet(sheets[choices.sheet], choices)
    return CheckedFile(tuple(sheet.name for sheet in sheets), chosen, tuple(reader.rows(chosen)))


class SheetImport:
    def __init__(self, admission: Admission, sessions: async_sessionmaker[AsyncSession], sender: ReportSender) -> None:
        self._admission, self._sessions = admission, sessions
        self._sender = replace(sender, principal=replace(sender.principal, channel=SubmissionChannel.IMPORT))

    async def judge(self, rows: Sequence[SheetHousehold]) -> list[JudgedRow]:
        """A verdict for each row. Nothing is sent."""
        known = await self._known([id for row in rows for id in (*ids_of(row), *row.head_ids)])
        return [judged(row, known) for row in rows]

    async def send(self, rows: Sequence[SheetHousehold]) -> list[JudgedRow]:
        """Send the new rows, and return a verdict for each row. If it is cut off, the rest can be sent again."""
        judgements = await self.judge(rows)
        new = [place for place, row in enumerate(judgements) if row.verdict is SheetRowVerdict.NEW]
        for places in batched(new):
            reports = [report for place in places if (report := judgements[place].row.report)]
            results = await self._admission.admit_reports(reports, self._sender)
            for place, result in zip(places, results, strict=True):
                judgements[place] = sent(judgements[place].row, result)
            await self._remember_heads([judgements[place] for place in places])
        return judgements

    async def _remember_heads(self, rows: Sequence[JudgedRow]) -> None:
        heads = [id for row in rows if row.verdict is SheetRowVerdict.SENT for id in row.row.head_ids]
        await self._admission.publication.deduplication.remember(self._sender.principal.account, heads)

    async def _known(self, ids: Sequence[UUID]) -> set[UUID]:
        """The reports that this account has sent. Without Valkey, only those that have an outcome."""
        account = self._sender.principal.account
        deduplication: Deduplication = self._admission.publication.deduplication
        known: set[UUID] = set()
        for some in batched(ids):
            known.update(await deduplication.accepted(account, some) or ())
            async with self._sessions() as session:
                known.update(row.report_id for row in await receipt_queries.newest_of(session, account, some))
        return known


def batched(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))


def ids_of(row: SheetHousehold) -> Iterator[UUID]:
    if row.report:
        yield row.report.report_id
        yield from row.other_ids


def judged(row: SheetHousehold, known: Collection[UUID]) -> JudgedRow:
    if row.report is None:
        return JudgedRow(row, SheetRowVerdict.REFUSED, row.errors)
    known_id = next((id for id in ids_of(row) if id in known), None)
    verdict = SheetRowVerdict.NEW if known_id is None else SheetRowVerdict.KNOWN
    is_corrected = known_id is None and any(id in known for id in row.head_ids)
    return JudgedRow(row, verdict, report_id=known_id or row.report.report_id, is_corrected=is_corrected)


def sent(row: SheetHousehold, result: Admitted | ReportRefused) -> JudgedRow:
    verdict = SheetRowVerdict.REFUSED if isinstance(result, ReportRefused) else VERDICTS[result[1]]
    errors = (RowError(None, RowFault.STATUS),) if verdict is SheetRowVerdict.REFUSED else ()
    return JudgedRow(row, verdict, errors, row.report.report_id if row.report else None)
