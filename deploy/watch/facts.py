"""Collects facts for the status page from the services' metrics.

If a service does not answer, its latest known facts stay.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from deploy.watch.checks import workers
from deploy.watch.checks.services import SERVERS, servers_away
from deploy.watch.surroundings import NotMeasured, Sample, Surroundings
from shared.monitoring.status import (
    ChannelStatus,
    CheckStatus,
    ComponentStatus,
    ConsumerStatus,
    FeedStatus,
    ServiceStatus,
    SystemStatus,
)

Metrics = Mapping[str, Sequence[Sample]]


async def parts(around: Surroundings, known: Mapping[str, ServiceStatus]) -> dict[str, ServiceStatus]:
    new, services = dict(known), around.settings.services
    await asyncio.gather(*(around.answer(service, "/metrics") for service in services))
    for service in services:
        try:
            new[service] = part(await around.metrics(service), around.now)
        except NotMeasured:
            continue
    return new


async def components(around: Surroundings, known: SystemStatus | None) -> list[ComponentStatus]:
    """Only the services report the servers' states. If no service answers, every server counts as not answering."""
    before = {component.name: component for component in known.components} if known else {}
    answers = await asyncio.gather(*(around.answer(service, "/live") for service in around.settings.services))
    lives = {service: answer.is_there for service, answer in zip(around.settings.services, answers, strict=True)}
    answering = [service for service, is_up in lives.items() if is_up]
    away = set[str]().union(*await asyncio.gather(*(servers_away(around, service) for service in answering)))
    versions = dict[str, str]()
    for known_versions in await asyncio.gather(*(versions_of(around, service) for service in answering)):
        versions |= known_versions
    beats = {name: workers.beat(around.settings.beats / f"{name}.beat") for name in around.settings.watch_workers}
    up = {
        **lives,
        **{name: at is not None and around.now - at <= workers.SILENT for name, at in beats.items()},
        **{name: bool(answering) and server not in away for server, name in SERVERS.items()},
    }
    return [seen(name, before, around, is_up=is_up, version=versions.get(name)) for name, is_up in up.items()]


def seen(
    name: str, before: Mapping[str, ComponentStatus], around: Surroundings, *, is_up: bool, version: str | None = None
) -> ComponentStatus:
    known = before.get(name) or ComponentStatus(name=name, is_up=False)
    return ComponentStatus(
        name=name,
        is_up=is_up,
        version=version or known.version,
        answered_at=around.now if is_up else known.answered_at,
    )


async def versions_of(around: Surroundings, service: str) -> dict[str, str]:
    try:
        metrics = await around.metrics(service)
    except NotMeasured:
        return {}
    own = {sample.labels["service"]: sample.labels["version"] for sample in metrics.get("dayar_build_info", ())}
    servers = {
        SERVERS[sample.labels["server"]]: sample.labels["version"] for sample in metrics.get("dayar_server_info", ())
    }
    return own | servers


def part(metrics: Metrics, now: datetime) -> ServiceStatus:
    return ServiceStatus(
        measured_at=now,
        consumers=tuple(consumers(metrics)),
        feeds=tuple(feeds(metrics)),
        channels=tuple(channels(metrics)),
        checks=tuple(checks(metrics)),
    )


def consumers(metrics: Metrics) -> Iterable[ConsumerStatus]:
    oldest = {tuple(sample.labels.values()): sample.value for sample in metrics.get("dayar_unread_seconds", ())}
    for sample in metrics.get("dayar_unread_records", ()):
        yield ConsumerStatus(
            service=sample.labels["consumer"],
            topic=sample.labels["topic"],
            unread=round(sample.value),
            oldest=oldest.get(tuple(sample.labels.values()), 0),
        )


def feeds(metrics: Metrics) -> Iterable[FeedStatus]:
    entries, failures = (
        by(metrics, "intake_feed_entry_timestamp_seconds", "feed"),
        by(metrics, "intake_feed_failures", "feed"),
    )
    for sample in metrics.get("intake_feed_read_timestamp_seconds", ()):
        feed = sample.labels["feed"]
        yield FeedStatus(
            name=feed,
            source=sample.labels["source"],
            read_at=moment(sample.value),
            entry_at=moment(entries.get(feed, 0)),
            failures=round(failures.get(feed, 0)),
        )


def channels(metrics: Metrics) -> Iterable[ChannelStatus]:
    failing = by(metrics, "alerts_failing_deliveries", "channel")
    since = by(metrics, "alerts_failing_since_timestamp_seconds", "channel")
    for sample in metrics.get("alerts_delivered_timestamp_seconds", ()):
        name = sample.labels["channel"]
        yield ChannelStatus(
            name=name,
            delivered_at=moment(sample.value),
            failing=round(failing.get(name, 0)),
            failing_since=moment(since.get(name, 0)),
        )


def checks(metrics: Metrics) -> Iterable[CheckStatus]:
    at = by(metrics, "console_check_timestamp_seconds", "check")
    for sample in metrics.get("console_check_state", ()):
        if sample.value:
            name = sample.labels["check"]
            yield CheckStatus(name=name, state=sample.labels["state"], checked_at=moment(at.get(name, 0)))


def by(metrics: Metrics, name: str, label: str) -> dict[str, float]:
    return {sample.labels[label]: sample.value for sample in metrics.get(name, ())}


def moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
