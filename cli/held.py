"""`dayar held` shows the reports that wait for a person's decision, and stores the decision."""

import asyncio
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic_core import from_json
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from cli.deciding import By, decider
from cli.refusals import refuse
from cli.transactions import within
from services.console.models import Account
from services.console.queries import accounts
from services.registry.decisions import SUBJECT_OF
from services.registry.held import queries as held
from shared.auth.role_groups import DECIDERS
from shared.config import Settings
from shared.country import TIME_ZONE
from shared.events.vocabulary import RefusalReason
from shared.places import Places

LIMIT = 200

app = typer.Typer(help="Reports that wait for a person.", no_args_is_help=True, add_completion=False)
Id = Annotated[UUID, typer.Argument(help="As `dayar held list` names the held report.")]


class AcceptanceReason(StrEnum):
    """The reason is a code, because a written reason could contain names of people."""

    CONFIRMED_BY_AUTHOR = "confirmed_by_author"
    CONFIRMED_BY_OTHERS = "confirmed_by_others"
    CONFIRMED_BY_DOCUMENT = "confirmed_by_document"
    KNOWN_TEAM = "known_team"


Accepted = Annotated[AcceptanceReason, typer.Option("--reason", help="Why you accept it.")]
Refused = Annotated[RefusalReason, typer.Option("--reason", "--because", help="The reason that the author reads.")]


@app.command("list")
def list_(limit: Annotated[int, typer.Option(min=1)] = LIMIT) -> None:
    """List the held reports, oldest first, without personal data."""
    rows = asyncio.run(within("registry", lambda session: held.oldest(session, limit=limit)))
    if not rows:
        typer.echo("No report is held.", err=True)
    for row in rows:
        decided = "  (decided, being carried out)" if row["decided_at"] else ""
        what = f"{row['kind']} v{row['version']}"
        typer.echo(f"{row['outcome_id']}  {clock(row['received_at'])}  {what}  {row['reason']}{decided}")


@app.command()
def show(id: Id, by: By) -> None:
    """Show the contents of a held report, without personal data. The reading is recorded under your name."""

    async def do() -> None:
        account = await decider(by, DECIDERS)

        async def read(session: AsyncSession) -> RowMapping:
            row = await seen(session, id, account)
            await held.note_read(session, account.account_id, row["subject_id"])
            return row

        row = await within("registry", read)
        names = await within("console", lambda session: accounts.names(session, [row["author"]]))
        for name, value in described(row, names.get(row["author"], str(row["author"]))).items():
            typer.echo(f"{name:<14} {value}")

    asyncio.run(do())


@app.command()
def accept(id: Id, by: By, reason: Accepted) -> None:
    """Let a held report take effect."""
    asyncio.run(decide(id, by, reason, is_accepted=True))
    typer.echo("Decision stored. The registry executes it at once; then `dayar held list` no longer shows the report.")


@app.command("refuse")
def refuse_(id: Id, by: By, reason: Refused) -> None:
    """Refuse a held report for good. The report has no effect, and its author sees the decision."""
    asyncio.run(decide(id, by, reason, is_accepted=False, refusal=reason))
    typer.echo("Decision stored. The registry executes it at once; then `dayar held list` no longer shows the report.")


async def decide(id: UUID, by: str, reason: str, *, is_accepted: bool, refusal: RefusalReason | None = None) -> None:
    account = await decider(by, DECIDERS)
    stated: dict[str, Any] = {"reason": reason, "is_accepted": is_accepted, "refusal": refusal}

    async def write(session: AsyncSession) -> None:
        row = await seen(session, id, account)
        if is_accepted and not covers_subject(account, row):
            refuse("These people are registered in another area: a registrar of that area accepts the report.")
        if is_accepted and row["reason"] not in held.ACCEPTABLE:
            refuse(f"A report held as {row['reason']} cannot be accepted: its author sends a correction. Refuse it.")
        if not await held.decide(session, [id], account=account.account_id, **stated):
            refuse("This report has been decided already, and the registry is about to carry it out.")

    await within("registry", write)


async def seen(session: AsyncSession, id: UUID, account: Account) -> RowMapping:
    """The account's areas must cover the report's place, or the place where the people are registered."""
    row = await held.by_outcome(session, id)
    if row is None or not covers(account, from_json(row["clear"]), row["household_pcode"]):
        refuse("No report is held under this id.")
    return row


def covers(account: Account, clear: dict[str, Any], household_pcode: str | None) -> bool:
    stated = (clear.get(name, {}).get("pcode") for name in ("destination", "origin"))
    pcode = next(filter(None, stated), household_pcode)
    places = Places.load(Settings().places_path)
    return any(places.covers(account.areas, place) for place in (pcode, household_pcode or pcode))


def covers_subject(account: Account, row: RowMapping) -> bool:
    """Every account may change the data of people who are not registered.

    If registered people have no P-code, only an account for the whole country may change their data.
    """
    places = Places.load(Settings().places_path)
    return not row["is_subject_registered"] or places.covers(account.areas, row["household_pcode"])


def described(row: RowMapping, author: str) -> dict[str, Any]:
    """Names, telephone numbers and notes stay sealed."""
    clear, places = from_json(row["clear"]), Places.load(Settings().places_path)
    return {
        "Report": f"{row['report_id']} version {row['version']} ({row['status']})",
        SUBJECT_OF[row["kind"]].capitalize(): row["subject_id"],
        **({"Movement": clear["movement"]} if "movement" in clear else {}),
        "Held because": row["reason"],
        "Author": f"{author}, team {row['team'] or '–'}, by {row['channel']}",
        "Received": clock(row["received_at"]),
        "Flags": ", ".join(row["flags"]) or "–",
        "Persons": clear.get("persons", "–"),
        "From": place(clear.get("origin"), places),
        "To": place(clear.get("destination"), places),
        "Happened": f"{clear['occurred_at']} ({clear.get('occurred_at_precision', 'day')})",
    }


def place(codes: dict[str, str] | None, places: Places) -> str:
    if codes is None:
        return "–"
    return places.name(codes["pcode"], "en") if "pcode" in codes else codes["country"]


def clock(moment: datetime) -> str:
    return f"{moment.astimezone(TIME_ZONE):%Y-%m-%d %H:%M}"
