"""`dayar sites import` adds the sites of an XLSX or CSV sheet to the desk's list."""

import asyncio
import csv
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cli.deciding import By, decider
from cli.files import BadFile, limited
from cli.refusals import refuse
from cli.transactions import within
from services.console.models import Account
from services.registry.config import RegistrySettings
from services.registry.sites import sheets as site_sheets
from services.registry.sites.changes import SiteStore
from services.registry.sites.imports import ImportedRow, RowVerdict, SiteImport
from services.registry.sites.sheets import SKIPPED, BadSheet, SheetRow
from services.registry.sites.sites import is_own_unit
from shared import audit
from shared.audit import Action, Entry
from shared.auth.role_groups import COUNTERS
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.places import Places

MOST_BYTES = 8 * 1024 * 1024

app = typer.Typer(help="Sites where displaced people stay.", no_args_is_help=True, add_completion=False)
Sheet = Annotated[
    Path,
    typer.Argument(help=f"An XLSX or CSV file. Its header names columns: {', '.join(site_sheets.COLUMNS)}."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would become of each row.")]
BadRows = Annotated[
    Path | None, typer.Option("--bad-rows", help="Write the refused rows with the reasons to this file.")
]


@app.callback()
def sites() -> None:
    """Sites where displaced people stay."""


@app.command("import")
def import_file(file: Sheet, by: By, dry_run: DryRun = False, bad_rows: BadRows = None) -> None:
    """Add the sites of a file. A known site is not changed; the differences are listed."""
    try:
        sheet = site_sheets.read(limited(file, MOST_BYTES))
    except BadFile as error:
        refuse(str(error))
    except BadSheet as error:
        refuse(error.message)
    if skipped := [label for label, column in zip(sheet.labels, sheet.columns, strict=True) if column == SKIPPED]:
        typer.echo(f"Columns that are not read: {', '.join(skipped)}.")
    if sheet.unread:
        typer.echo(f"Only the first sheet is read. Not read: {', '.join(sheet.unread)}.")
    rows = sheet.rows
    imported = asyncio.run(run(rows, by, is_dry_run=dry_run))
    for row in imported:
        typer.echo(f"line {row.line}: {row.verdict}  {row.name or ''}{reasons(row)}".rstrip())
    counts = Counter(row.verdict for row in imported)
    typer.echo(", ".join(f"{verdict}: {counts[verdict]}" for verdict in RowVerdict) + (" (dry run)" if dry_run else ""))
    if bad_rows:
        write(bad_rows, rows, imported)


async def run(rows: Sequence[SheetRow], by: str, *, is_dry_run: bool) -> list[ImportedRow]:
    account, settings = await decider(by, COUNTERS), RegistrySettings()
    places = Places.load(settings.places_path)

    async def add(session: AsyncSession) -> list[ImportedRow]:
        encryption, now = EnvelopeEncryption(settings.registry_kek_file), datetime.now(UTC)
        store = SiteStore(session, encryption, places, settings.counted_status, account.account_id, now)
        importing = SiteImport(store, lambda pcode: is_own_unit(pcode, account.areas, places))
        imported = await importing.run(rows, is_dry_run=is_dry_run)
        if not is_dry_run:
            await audit.add(session, entry(account, imported))
        return imported

    return await within("registry", add)


def entry(account: Account, imported: Sequence[ImportedRow]) -> Entry:
    added = [row.site_id for row in imported if row.verdict is RowVerdict.ADDED and row.site_id]
    return Entry(
        action=Action.SITE_CHANGED, account=account.account_id, subject="sites import", objects=added, reason="import"
    )


def reasons(row: ImportedRow) -> str:
    texts = [": ".join(filter(None, pair)) for pair in row.errors]
    return f"  ({'; '.join(texts)})" if texts else ""


def write(target: Path, rows: Sequence[SheetRow], imported: Sequence[ImportedRow]) -> None:
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.DictWriter(file, (*site_sheets.COLUMNS, site_sheets.REASONS))
        sheet.writeheader()
        for row, result in zip(rows, imported, strict=True):
            if result.verdict is RowVerdict.REFUSED:
                sheet.writerow({**row.cells, site_sheets.REASONS: reasons(result).strip(" ()")})
