"""The routes for sheets of households.

The routes check a sheet, send its rows, and return the refused rows as a workbook.

Each request has the whole file as its body, and the choices in its query. The file is not stored between requests.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from openpyxl.utils import get_column_letter
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from services.intake.admission import Admission
from services.intake.answers import problem_of
from services.intake.receipts import Receipt
from services.intake.refusals import ReportRefused
from services.intake.routes import body, sender
from services.intake.sheets import results
from services.intake.sheets.cells import RowError
from services.intake.sheets.choices import SheetChoices
from services.intake.sheets.households import HouseholdReader
from services.intake.sheets.imports import CheckedFile, JudgedRow, SheetImport, checked
from services.intake.sheets.matches import WINDOW, TooManyMatches
from services.intake.sheets.names import SheetNames
from services.intake.sheets.sheet_households import PersonRow
from shared import audit
from shared.audit import Action, Result
from shared.crypto.keyring import Keyring
from shared.events.receipts import ReceiptState
from shared.pages.catalogs import translations
from shared.pages.languages import language_of
from shared.pages.terms import term
from shared.places import Places
from shared.sheets import refused
from shared.sheets.codes import HouseholdColumn, RowFault, SheetRowVerdict
from shared.sheets.reading import BYTES
from shared.sheets.refused import XLSX
from shared.sheets.sheet import SheetLine, UnreadableFile
from shared.web.problems import Problem, field_errors, names_of

CHOICES = names_of(SheetChoices)
TOO_MANY_MATCHES = Problem(
    429,
    "too-many-matches",
    "Lists of the last hour have too many heads of households that other teams have sent. Nothing of this list was "
    "sent. Try again in an hour.",
    headers={"retry-after": f"{WINDOW.seconds}"},
)


class CellErrorView(BaseModel):
    """`column` is the index of the wrong column, counted from 0.

    If the sheet lacks a column, `missing` is the kind of this column.
    """

    column: int | None
    reason: RowFault
    missing: HouseholdColumn | None


class SheetRowView(BaseModel):
    """The verdict about a row. The answer never contains the text of a cell, because the person has the file.

    `is_household` is false for the rows of persons who are not the head.
    """

    line: int
    is_household: bool
    verdict: SheetRowVerdict
    persons: int | None
    report_id: UUID | None
    errors: list[CellErrorView]
    kept_as_text: tuple[int, ...]
    # the report has the first telephone in this column, and the notes have the whole cell
    phone_column: int | None
    is_urgent: bool
    is_outside: bool  # true for a place outside the account's areas; the row is accepted nevertheless


class SheetColumnView(BaseModel):
    label: str
    column: HouseholdColumn


class HouseholdSheetView(BaseModel):
    sheets: tuple[str, ...]
    header_first: int
    header_last: int
    columns: list[SheetColumnView]
    rows: list[SheetRowView]


class Sheets:
    def __init__(self, places: Places, keys: Keyring) -> None:
        self.places, self.keys, self.names = places, keys, SheetNames(places)


class HouseholdSheetRoute:
    """`POST` of a file."""

    def __init__(self, answer: "Answering") -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._answer(scope, await read(scope, receive))
        except Problem as problem:
            response = problem.response()
        except TooManyMatches:
            entry = audit.entry_of(HTTPConnection(scope), Action.READ, result=Result.REFUSED, reason="too-many-matches")
            await audit.write(scope["app"].state.sessions, entry)
            response = TOO_MANY_MATCHES.response()
        except ReportRefused as refusal:
            response = problem_of(refusal).response()
        await response(scope, receive, send)


Answering = Callable[[Scope, CheckedFile], Awaitable[Response]]


async def read(scope: Scope, receive: Receive) -> CheckedFile:
    """Raises Problem, ReportRefused."""
    state = scope["app"].state
    admission: Admission = state.admission
    choices = choices_of(HTTPConnection(scope))
    raw = await body(receive, BYTES, admission.drafting)
    author, sheets = sender(scope), state.sheets
    _ = sheets.keys.newest  # reading `newest` makes the keyring load new keys
    reader = HouseholdReader(
        sheets.names,
        tuple(sheets.keys.keys.values()),
        state.settings.counted_status,
        author.now,
    )
    try:
        return await admission.drafting.in_a_thread(author, checked, raw, choices, reader)
    except UnreadableFile as error:
        raise Problem(422, error.fault, "No sheet of the file can be read.") from None


def choices_of(connection: HTTPConnection) -> SheetChoices:
    try:
        return SheetChoices.of(connection.query_params)
    except ValidationError as error:
        details = error.errors(include_input=False, include_context=False, include_url=False)
        raise Problem(422, "invalid", "Check the listed fields.", errors=field_errors(details, CHOICES)) from None


async def check(scope: Scope, file: CheckedFile) -> Response:
    """Nothing is sent."""
    return shown(scope, file, await sheet_import(scope).judge(file.rows))


async def send_rows(scope: Scope, file: CheckedFile) -> Response:
    """The ids of the sent reports are written to the security log."""
    rows = await sheet_import(scope).send(file.rows, file.chosen.choices.confirmed)
    reports = [row.report_id for row in rows if row.verdict is SheetRowVerdict.SENT and row.report_id]
    entry = audit.entry_of(HTTPConnection(scope), Action.SHEET_SENT, objects=reports, reason="import")
    await audit.write(scope["app"].state.sessions, entry)
    return shown(scope, file, rows)


async def refused_rows(scope: Scope, file: CheckedFile) -> Response:
    """The workbook has the rows without an accepted report, and sent rows whose report was refused or waits.

    Each row of the workbook has all cells of the sheet, and the reasons in the reader's language.
    """
    language, author, state = language_of(HTTPConnection(scope)), sender(scope), scope["app"].state
    receipts = await results.not_recorded(state.sessions, author.principal.account, file.rows)
    content = await state.admission.drafting.in_a_thread(author, workbook, file, receipts, language)
    headers = {"content-disposition": 'attachment; filename="not-accepted.xlsx"'}
    return Response(content, media_type=XLSX, headers=headers)


def workbook(file: CheckedFile, receipts: Mapping[UUID, Receipt], language: str) -> bytes:
    gettext = translations(language).ugettext
    labels = [*file.chosen.labels, term("household_column", HouseholdColumn.REASONS, gettext)]

    def text(error: RowError) -> str:
        label = term("household_column", error.missing, gettext) if error.missing else ""
        if error.column is not None:
            label = file.chosen.labels[error.column] or get_column_letter(error.column + 1)
        return ": ".join(filter(None, (label, term("row_fault", error.reason, gettext))))

    returned: list[tuple[SheetLine, str]] = []
    for household in file.rows:
        receipt = results.result_of(household, receipts)
        result = [result_text(receipt, gettext)] if receipt else []
        reasons = [(row.line, [*map(text, row.errors), *result]) for row in household.rows]
        returned += [(line, "; ".join(texts)) for line, texts in reasons if texts]
    returned.sort(key=lambda row: row[0].number)
    return refused.written(labels, [(line.cells, reasons) for line, reasons in returned])


def result_text(receipt: Receipt, gettext: Callable[[str], str]) -> str:
    kind = "refusal" if receipt.state is ReceiptState.REFUSED else "advice"
    reason = term(kind, receipt.reason, gettext) if receipt.reason else term("receipt_advice", receipt.state, gettext)
    return f"{term('receipt_state', receipt.state, gettext)}: {reason}"


def sheet_import(scope: Scope) -> SheetImport:
    state = scope["app"].state
    entry = audit.entry_of(HTTPConnection(scope), Action.READ)
    return SheetImport(state.admission, state.sessions, sender(scope), state.sheets.places, entry)


def shown(scope: Scope, file: CheckedFile, rows: Sequence[JudgedRow]) -> Response:
    header, chosen = file.chosen.header, file.chosen
    columns = [
        SheetColumnView(label=label, column=column) for label, column in zip(chosen.labels, chosen.columns, strict=True)
    ]
    view = HouseholdSheetView(
        sheets=file.names,
        header_first=header.first,
        header_last=header.last,
        columns=columns,
        rows=[
            view
            for row in rows
            for view in (row_view(scope, row), *(other_view(row, other) for other in row.row.others))
        ],
    )
    return Response(to_json(view), media_type="application/json")


def row_view(scope: Scope, judged: JudgedRow) -> SheetRowView:
    report, places = judged.row.report, scope["app"].state.sheets.places
    pcode = report.pcode if report else None
    return SheetRowView(
        line=judged.row.line.number,
        is_household=True,
        verdict=judged.verdict,
        persons=report.persons if report else None,
        report_id=judged.report_id,
        errors=error_views(judged.errors),
        kept_as_text=judged.row.kept_as_text,
        phone_column=judged.row.phone_column,
        is_urgent=report is not None and report.is_urgent,
        is_outside=pcode is not None and not scope["principal"].covers(pcode, places),
    )


def other_view(judged: JudgedRow, row: PersonRow) -> SheetRowView:
    """The row of a person gets the verdict of the household's row."""
    return SheetRowView(
        line=row.line.number,
        is_household=False,
        verdict=judged.verdict,
        persons=None,
        report_id=None,
        errors=error_views(row.errors),
        kept_as_text=row.kept_as_text,
        phone_column=row.phone_column,
        is_urgent=False,
        is_outside=False,
    )


def error_views(errors: Sequence[RowError]) -> list[CellErrorView]:
    return [CellErrorView(column=error.column, reason=error.reason, missing=error.missing) for error in errors]


ROUTES = [
    Route(f"/v1/household-sheets:{name}", HouseholdSheetRoute(answer), methods=["POST"])
    for name, answer in (("check", check), ("send", send_rows), ("refused", refused_rows))
]
