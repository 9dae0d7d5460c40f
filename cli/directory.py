"""`dayar directory` imports and lists the duty numbers: whom to call in each unit and locality."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cli import security_log
from cli.files import BadFile, limited
from cli.refusals import refuse_change
from cli.transactions import within
from services.alerts.config import AlertsSettings
from services.alerts.duty_numbers import duty_numbers
from services.alerts.duty_numbers.duty_numbers import DutyNumber
from services.alerts.duty_numbers.imports import ImportPlan, JudgedNumber, planned
from services.alerts.duty_numbers.sheets import COLUMNS, BadDutyNumbers, DutyNumberSheets, NumberRow
from services.alerts.queries import duty_numbers as number_queries
from services.alerts.receivers.secrets import WebhookSecrets
from shared.audit import Action
from shared.places import Places

MOST_BYTES = 2 * 1024 * 1024

app = typer.Typer(help="Duty numbers: whom to call.", no_args_is_help=True, add_completion=False)
Sheet = Annotated[Path, typer.Argument(help=f"A CSV file. Its header names the columns {', '.join(COLUMNS)}.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would become of each row.")]
Area = Annotated[str | None, typer.Option(help="The P-code of a unit; without it, all numbers are listed.")]


@app.callback()
def directory() -> None:
    """Import and list the duty numbers, which say whom to call in each unit and locality."""


@app.command("import")
def import_file(file: Sheet, dry_run: DryRun = False) -> None:
    """Replace the duty numbers of the units in the file. If a row is refused, nothing changes."""
    try:
        rows = DutyNumberSheets(Places.load(AlertsSettings().places_path)).read(limited(file, MOST_BYTES))
    except (BadFile, BadDutyNumbers) as error:
        refuse_change(str(error))
    plan = asyncio.run(run(rows, is_dry_run=dry_run))
    for row in plan.rows:
        typer.echo(line(row))
    for number in plan.removed if not plan.is_refused else ():
        typer.echo(f"removed  {number.place.pcode} {number.service}, {number.contact.post}")
    removed = f", removed: {len(plan.removed)}" if not plan.is_refused else ""
    typer.echo(", ".join(f"{verdict}: {count}" for verdict, count in plan.counts.items()) + removed)
    if plan.is_refused:
        refuse_change("Correct the refused rows, and import the file again.")
    if dry_run:
        typer.echo("Dry run: nothing was imported.")


@app.command("list")
def list_numbers(area: Area = None) -> None:
    """List the duty numbers by unit."""

    async def read(session: AsyncSession) -> list[DutyNumber]:
        return await number_queries.numbers(session, box(), pcodes=None if area is None else [area])

    for number in asyncio.run(within("alerts", read)):
        contact, place = number.contact, number.place
        telephones = ", ".join(map(duty_numbers.written, contact.telephones))
        parts = (place.pcode, place.locality, str(number.service), contact.post, telephones, contact.note)
        typer.echo("  ".join(filter(None, parts)))


async def run(rows: list[NumberRow], *, is_dry_run: bool) -> ImportPlan:
    async def replace(session: AsyncSession) -> ImportPlan:
        await number_queries.lock(session)
        units = {row.entry.place.pcode for row in rows if row.entry is not None}
        plan = planned(rows, await number_queries.numbers(session, box(), pcodes=units))
        if not plan.is_refused and not is_dry_run:
            await number_queries.store(session, plan, box())
            objects = [number.number_id for number in plan.changed]
            await security_log.note(session, Action.DUTY_NUMBERS_CHANGED, "dayar directory", objects, reason="imported")
        return plan

    return await within("alerts", replace)


def line(row: JudgedNumber) -> str:
    number = f"{row.number.service}, {row.number.contact.post}" if row.number else ""
    faults = "; ".join(f"{fault.name}: {fault}" for fault in row.faults)
    return f"line {row.line}: {row.verdict}  {number}{faults}"


def box() -> WebhookSecrets:
    return WebhookSecrets(AlertsSettings().alerts_key_file)
