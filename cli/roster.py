"""`dayar roster` keeps rosters, and says who is on duty."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cli import security_log
from cli.files import BadFile, content
from cli.refusals import refuse_change
from cli.transactions import within
from services.alerts.definitions import MOST_BYTES
from services.alerts.queries import rosters as roster_queries
from services.alerts.rosters import calendars, definitions, reports
from services.alerts.rosters.calendars import InvalidCalendar, ReadCalendar
from services.alerts.rosters.definitions import InvalidRoster
from services.alerts.rosters.duty import REPORTED, duty, shifts_from
from services.alerts.rosters.rosters import LONGEST_OVERRIDE, LONGEST_REASON, Override, Roster, are_too_many, roster_id
from shared.audit import Action
from shared.country import TIME_ZONE
from shared.errors import DocumentedError

T = TypeVar("T")
LONGEST_WEEKS = 52

app = typer.Typer(help="Rosters: who is on duty.", no_args_is_help=True, add_completion=False)
Name = Annotated[str, typer.Argument(help="The roster.")]
Reason = Annotated[str, typer.Option(help="Why this person is on duty instead.")]
Weeks = Annotated[int, typer.Option(min=1, max=LONGEST_WEEKS, help="How far ahead.")]
Calendar = Annotated[
    Path, typer.Argument(help="An iCalendar file, or - for standard input or output.", allow_dash=True)
]


class RosterNotFound(DocumentedError):
    """There is no roster of this name."""


class RosterInUse(DocumentedError):
    """Receivers of alerts or escalation policies name this roster. Change them first.

    For a receiver: `dayar receiver change LABEL --no-roster`. For a policy: account menu, "Escalation policies".
    """


class PeopleMissing(DocumentedError):
    """Receivers of alerts of the kind person are expected; these people are no such receivers, or have left.

    The account of a person who has left may also be disabled.
    """


class TooManyOverrides(DocumentedError):
    """A roster has at most 400 overrides that have not ended. Remove one of them first, on the page of the roster."""


@app.command()
def show(
    name: Annotated[str | None, typer.Argument(help="The roster; without it all rosters.")] = None, weeks: Weeks = 1
) -> None:
    """Print who is on duty now, until when, and who is next. If a roster is named, also list its shifts."""
    now = datetime.now(UTC)

    async def read(session: AsyncSession) -> list[tuple[Roster, list[Override]]]:
        rosters = [await known(session, name)] if name else await roster_queries.rosters(session)
        return [(roster, await roster_queries.overrides(session, roster.name, now)) for roster in rosters]

    rosters, people = run(read), run(roster_queries.able_people)
    if not rosters:
        typer.echo("There is no roster.")
    for roster, overrides in rosters:
        ends_at = now + timedelta(weeks=weeks)
        computed_until = max(ends_at, now + REPORTED)
        shifts = shifts_from(roster, overrides, now, computed_until - now)
        typer.echo(f"{roster.name}: {reports.on_duty(shifts, now, computed_until)}")
        echo_all(reports.absences(roster, overrides, people))
        if name:
            echo_all(reports.lines(shift for shift in shifts if shift.begins_at < ends_at))
            echo_all(reports.findings(duty(roster, overrides, now, ends_at)))


@app.command()
def save(file: Annotated[Path, typer.Argument(help="The definition of a roster in TOML or JSON.")]) -> None:
    """Add a roster, or replace its layers and keep its overrides.

    After the change, report the gaps and overlaps of the next 8 weeks.
    """
    try:
        roster = definitions.read(content(file, MOST_BYTES))
    except (BadFile, InvalidRoster) as error:
        refuse_change(str(error))

    async def put(session: AsyncSession) -> list[Override]:
        if missing := reports.missing(roster, [], await roster_queries.people(session)):
            raise PeopleMissing(", ".join(missing))
        known = await roster_queries.roster(session, roster.name)
        await roster_queries.save(session, roster)
        await note(session, roster.name, "added" if known is None else "changed")
        return await roster_queries.overrides(session, roster.name, datetime.now(UTC))

    report(roster, run(put))


@app.command()
def override(
    name: Name,
    person: Annotated[str, typer.Argument(help="The label of the person who is on duty instead.")],
    begin: Annotated[str, typer.Option("--from", help="Local time, such as 2026-12-01T08:00.")],
    end: Annotated[str, typer.Option("--until", help="Local time, such as 2026-12-01T20:00.")],
    reason: Reason,
) -> None:
    """Put a person on duty for some time instead of the people of the layers."""
    added = Override(person, instant(begin), instant(end), reason.strip())
    if not timedelta() < added.ends_at - added.begins_at <= LONGEST_OVERRIDE:
        refuse_change("--until is expected after --from, and at most 366 days later.")
    if not added.reason.isprintable() or not 0 < len(added.reason) <= LONGEST_REASON:
        refuse_change(f"A reason of 1 to {LONGEST_REASON} characters is expected.")

    async def put(session: AsyncSession) -> tuple[Roster, list[Override]]:
        roster = await known(session, name)
        if person not in await roster_queries.able_people(session):
            raise PeopleMissing(person)
        if are_too_many(await roster_queries.overrides(session, name, datetime.now(UTC)), [added]):
            raise TooManyOverrides
        await roster_queries.add_overrides(session, name, [added])
        await note(session, name, "override_added")
        return roster, await roster_queries.overrides(session, name, datetime.now(UTC))

    report(*run(put))


@app.command()
def remove(name: Name) -> None:
    """Remove a roster and its overrides."""

    async def drop(session: AsyncSession) -> None:
        if users := await roster_queries.named_by(session, name):
            raise RosterInUse(", ".join(users))
        if not await roster_queries.remove(session, name):
            raise RosterNotFound(name)
        await note(session, name, "removed")

    run(drop)
    typer.echo(f"{name} is removed.")


@app.command("import-ics")
def import_calendar(name: Name, file: Calendar) -> None:
    """Add an override for each event whose attendee or title is the label of a person. Known events are replaced.

    An event that was cancelled or has ended removes its override. People whose accounts are disabled are named: their
    overrides are added, but they do not count as on duty.
    """
    now = datetime.now(UTC)
    try:
        data = content(file, calendars.MOST_BYTES)
    except BadFile as error:
        refuse_change(str(error))

    async def put(session: AsyncSession) -> tuple[Roster, list[Override], ReadCalendar, int]:
        roster = await known(session, name)
        calendar = calendars.read(data, await roster_queries.people(session), now)
        if calendar.unknown:
            raise PeopleMissing(", ".join(calendar.unknown))
        calendars.refuse_too_many(calendar, await roster_queries.overrides(session, name, now))
        removed = await roster_queries.end_overrides(session, name, calendar.over, now)
        await roster_queries.add_overrides(session, name, calendar.overrides)
        await note(session, name, "calendar_imported")
        return roster, await roster_queries.overrides(session, name, now), calendar, removed

    roster, overrides, calendar, removed = run(put)
    typer.echo(f"Overrides from the calendar: {len(calendar.overrides)}. Events that have ended: {calendar.past}.")
    if removed:
        typer.echo(f"Removed overrides whose events were cancelled or have ended: {removed}.")
    report(roster, overrides)


@app.command("export-ics")
def export_calendar(name: Name, file: Calendar = Path("-"), weeks: Weeks = 8) -> None:
    """Write the shifts as an iCalendar file with one event per shift."""
    now = datetime.now(UTC)

    async def read(session: AsyncSession) -> tuple[Roster, list[Override]]:
        # overrides that have ended may decide when the current shift began
        return await known(session, name), await roster_queries.overrides(session, name, now - LONGEST_OVERRIDE)

    roster, overrides = run(read)
    calendar = calendars.written(name, shifts_from(roster, overrides, now, timedelta(weeks=weeks)), now)
    if str(file) == "-":
        typer.echo(calendar, nl=False)
        return
    try:
        file.write_bytes(calendar)
    except OSError as error:
        refuse_change(f"{file}: {error.strerror}.")


async def known(session: AsyncSession, name: str) -> Roster:
    if roster := await roster_queries.roster(session, name):
        return roster
    raise RosterNotFound(name)


async def note(session: AsyncSession, name: str, reason: str) -> None:
    await security_log.note(session, Action.ROSTER_CHANGED, "dayar roster", [roster_id(name)], reason=reason)


def report(roster: Roster, overrides: list[Override]) -> None:
    now = datetime.now(UTC)
    shifts = shifts_from(roster, overrides, now, REPORTED)
    typer.echo(f"{roster.name}: {reports.on_duty(shifts, now, now + REPORTED)}")
    echo_all(reports.absences(roster, overrides, run(roster_queries.able_people)))
    echo_all(reports.findings(duty(roster, overrides, now, now + REPORTED)))


def echo_all(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def instant(written: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        refuse_change(f'"{written}": a local date and time such as 2026-12-01T08:00 is expected.')
    # Calendars keep no fractions of a second.
    return (at if at.tzinfo else at.replace(tzinfo=TIME_ZONE)).astimezone(UTC).replace(second=0, microsecond=0)


def run(deed: Callable[[AsyncSession], Awaitable[T]]) -> T:
    try:
        return asyncio.run(within("alerts", deed))
    except (RosterNotFound, RosterInUse, PeopleMissing, TooManyOverrides, InvalidCalendar) as error:
        refuse_change(str(error))
