"""`dayar status` shows the last results of `dayar watch`. The command works without Kafka and PostgreSQL."""

import textwrap
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import typer

from shared.config import Settings
from shared.monitoring import status as files
from shared.monitoring.status import ComponentStatus, ServiceStatus, SystemStatus, TrackedFinding
from shared.pages import findings
from shared.pages.formats import filters

WIDTH = 80
NEVER = "never"
app = typer.Typer(
    help="Show the state of services, servers, feeds, channels and backups.",
    invoke_without_command=True,
    add_completion=False,
)


@app.callback()
def status() -> None:
    """Show the last status. The exit code is 1 if something failed, or if nothing monitors the installation."""
    known = files.read(files.folder_of(Settings()))
    if known is None:
        typer.echo(
            "There is no status that you can read: `make run`, the containers and `dayar watch` write it.", err=True
        )
        raise typer.Exit(1)
    now = datetime.now(UTC)
    typer.echo("\n".join(lines(known, now)))
    has_failed = any(tracked.finding.level == "failed" for tracked in known.open)
    raise typer.Exit(1 if has_failed or known.is_stale(now) else 0)


def lines(status: SystemStatus, now: datetime) -> Iterable[str]:
    yield f"Status of {moment(status.looked_at)}" + (", exercise" if status.is_exercise else "")
    if status.is_stale(now):
        yield "FAILURE: the monitoring has stopped. Everything below is as of this time. Start `dayar watch`."
    yield ""
    yield from shown_findings(status.open)
    yield from table("COMPONENT", ("", "version", "last answer"), map(component, status.components))
    parts = status.parts.values()
    yield from table(
        "WAITING MESSAGES", ("", "messages", "oldest"), (row for part in parts for row in consumers(part)), empty="none"
    )
    yield from table("FEED", ("", "last read", "last entry"), (row for part in parts for row in feeds(part)))
    yield from table(
        "CHANNEL", ("", "last delivered", "failing since"), (row for part in parts for row in channels(part))
    )
    yield from table("CHECK", ("", "state", "last result"), (row for part in parts for row in checks(part)))
    yield from table(
        "ADMINISTRATORS",
        ("", "last message", "failure"),
        ((path.name, moment(path.delivered_at), path.failure or "-") for path in status.paths),
    )


def shown_findings(tracked_findings: Sequence[TrackedFinding]) -> Iterable[str]:
    if not tracked_findings:
        yield "All checks are well."
    for tracked in tracked_findings:
        finding = tracked.finding
        yield from wrapped(f"{findings.LEVELS[finding.level].upper()}: {findings.sentence(finding, 'en', str)}")
        yield from wrapped(f"since {moment(tracked.since)}. {findings.advice(finding, str)}", indent=4)
    yield ""


def wrapped(text: str, *, indent: int = 0) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent or 4))


def table(
    title: str, heads: tuple[str, str, str], rows: Iterable[tuple[str, str, str]], *, empty: str | None = None
) -> Iterable[str]:
    known = list(rows)
    if not known and empty is None:
        return
    yield f"{title:<32}{heads[1]:<22}{heads[2]}".rstrip()
    if not known:
        yield f"  {empty}"
    for name, second, third in known:
        first = f"  {name}"
        if len(first) > 31:  # noqa: PLR2004 - the width of the column
            yield first[:WIDTH]
            first = ""
        yield f"{first:<32}{second:<22}{third}".rstrip()
    yield ""


def component(known: ComponentStatus) -> tuple[str, str, str]:
    return known.name, known.version or "-", "now" if known.is_up else f"DOWN, {moment(known.answered_at)}"


def consumers(part: ServiceStatus) -> Iterable[tuple[str, str, str]]:
    for consumer in part.consumers:
        if consumer.unread:
            yield f"{consumer.service} / {consumer.topic}", str(consumer.unread), f"{consumer.oldest:.0f} s"


def feeds(part: ServiceStatus) -> Iterable[tuple[str, str, str]]:
    for feed in part.feeds:
        yield feed.name, moment(feed.read_at), moment(feed.entry_at)


def channels(part: ServiceStatus) -> Iterable[tuple[str, str, str]]:
    for channel in part.channels:
        since = f"{moment(channel.failing_since)} ({channel.failing})" if channel.failing else "-"
        yield channel.name, moment(channel.delivered_at), since


def checks(part: ServiceStatus) -> Iterable[tuple[str, str, str]]:
    for check in part.checks:
        if check.name == "clock" and check.state == "never":
            yield check.name, "not checked", "NTP_SERVER is not set"
            continue
        yield check.name, check.state.replace("_", " "), moment(check.checked_at)


_moment: Callable[[datetime], str] = filters("en")["moment"]


def moment(value: datetime | None) -> str:
    return NEVER if value is None else _moment(value)
