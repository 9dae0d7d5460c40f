"""`dayar silence` mutes alerts of an area, a type of hazard or a source for a stated time, as the page does."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cli import security_log
from cli.deciding import By, decider
from cli.refusals import refuse_change
from cli.transactions import within
from services.alerts.acts.acts import Actor
from services.alerts.config import AlertsSettings
from services.alerts.queries import silences as silence_queries
from services.alerts.receivers import subscriptions
from services.alerts.silences.forms import LONGEST_HOURS, MOST_SILENCES, SilenceForm, is_within
from services.alerts.silences.silences import Silence
from services.console.models import Account
from shared.audit import Action
from shared.auth.role_groups import CMC
from shared.auth.tokens import Role
from shared.country import COUNTRY, TIME_ZONE
from shared.events.vocabulary import HazardType
from shared.places import Places

app = typer.Typer(help="Silences of alerts.", no_args_is_help=True, add_completion=False)


@app.command("list")
def list_all() -> None:
    """List the silences that have not ended, in the order in which they end."""
    now = datetime.now(UTC)
    silences = asyncio.run(within("alerts", lambda session: silence_queries.not_ended(session, now)))
    if not silences:
        typer.echo("No alerts are silenced.", err=True)
    for silence in silences:
        typer.echo(f"{silence.silence_id}  {described(silence)}  {silence.reason} ({silence.name})")


@app.command()
def add(
    by: By,
    reason: Annotated[str, typer.Option(help="Why; everybody at the centre reads it. No personal data.")],
    area: Annotated[list[str] | None, typer.Option(help="A name or P-code of a place; may be repeated.")] = None,
    hazard: Annotated[list[HazardType] | None, typer.Option(help="A type of hazard; may be repeated.")] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="The code of a feed or system, such as usgs; may be repeated.")
    ] = None,
    hours: Annotated[int, typer.Option(help=f"For how many hours, at most {LONGEST_HOURS}.")] = 1,
    begin: Annotated[
        str | None, typer.Option("--from", help="Local time, such as 2026-12-01T08:00; without it now.")
    ] = None,
    severe_too: Annotated[
        bool, typer.Option("--severe-too", help="Also Severe, Extreme and Unknown alerts; only a duty head.")
    ] = False,
) -> None:
    """Mute alerts of these types of hazards and these sources. All places of an alert must lie in the areas."""
    places, now = Places.load(AlertsSettings().places_path), datetime.now(UTC)
    form = SilenceForm(
        {
            "other-areas": [", ".join(area or ())],
            "hazards": [str(hazard_type) for hazard_type in hazard or ()],
            "sources": source or [],
            "hours": [str(hours)],
            "begins": [begin or ""],
            "reason": [reason.strip()],
            "is_severe_too": ["on"] if severe_too else [],
        }
    )

    async def put() -> tuple[Silence, list[str]]:
        account = await decider(by, frozenset({Role.DUTY_HEAD}) if severe_too else CMC)
        silence, faults = form.parsed(places, Actor(account.account_id, account.name), now)
        wrong = [str(fault) for fault in faults]
        if not wrong and not is_within(account.areas, silence, places):
            wrong.append("Only places in your own areas are expected.")

        async def store(session: AsyncSession) -> None:
            if len(await silence_queries.not_ended(session, now)) >= MOST_SILENCES:
                wrong.append(f"There are {MOST_SILENCES} silences already. End one of them first.")
                return
            await silence_queries.add(session, silence)
            await note(session, silence.silence_id, account, "added")

        if not wrong:
            await within("alerts", store)
        return silence, wrong

    silence, wrong = asyncio.run(put())
    if wrong:
        refuse_change(" ".join(wrong))
    typer.echo(f"{silence.silence_id}  {described(silence)}")


@app.command()
def end(id: Annotated[UUID, typer.Argument(help="As `dayar silence list` names the silence.")], by: By) -> None:
    """End a silence now. The rules then judge the muted alerts again."""
    places, now = Places.load(AlertsSettings().places_path), datetime.now(UTC)

    async def do() -> str | None:
        account = await decider(by, CMC)

        async def finish(session: AsyncSession) -> str | None:
            await subscriptions.lock(session)
            silence = await silence_queries.silence(session, id)
            if silence is None:
                return "There is no such silence."
            if not is_within(account.areas, silence, places):
                return "The silence also mutes alerts outside your areas."
            if silence.ends_at <= now:
                return "The silence has ended already."
            await silence_queries.end(session, id, now)
            await note(session, id, account, "ended")
            return None

        return await within("alerts", finish)

    if fault := asyncio.run(do()):
        refuse_change(fault)
    typer.echo("The silence is over.")


async def note(session: AsyncSession, silence_id: UUID, account: Account, reason: str) -> None:
    changed = Action.SILENCE_CHANGED
    await security_log.note(session, changed, "dayar silence", [silence_id], reason=reason, account=account.account_id)


def described(silence: Silence) -> str:
    what = ", ".join([*(silence.areas or [COUNTRY]), *silence.hazards, *silence.sources])
    severities = "every severity" if silence.is_severe_too else "Moderate and below"
    begin, until = (f"{at.astimezone(TIME_ZONE):%Y-%m-%d %H:%M}" for at in (silence.begins_at, silence.ends_at))
    return f"{what}, {severities}, {begin} to {until}"
