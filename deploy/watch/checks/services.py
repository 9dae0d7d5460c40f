"""Checks that each service answers, and reaches PostgreSQL, Kafka and Valkey."""

import asyncio
from collections.abc import Iterable, Sequence

from deploy.watch.surroundings import Answer, Surroundings, parsed
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding

SERVERS = {"postgresql": "PostgreSQL", "kafka": "Kafka", "valkey": "Valkey"}


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    names = list(around.settings.services)
    lives = await asyncio.gather(*(around.answer(service, "/live") for service in names))
    silent = [service for service, answer in zip(names, lives, strict=True) if not answer.is_there]
    answering = [service for service in names if service not in silent]
    away: dict[str, list[str]] = {}
    # A service may wait for a server that hangs, so all services are asked at the same time.
    servers = await asyncio.gather(*(servers_away(around, service) for service in answering))
    for service, of_service in zip(answering, servers, strict=True):
        for server in of_service:
            away.setdefault(server, []).append(service)
    return [
        *(
            MonitoringFinding(
                kind=FindingKind.SERVICE_SILENT, level=Level.FAILED, subject=name, values={"service": name}
            )
            for name in silent
        ),
        *(of_server(server, services) for server, services in sorted(away.items())),
    ]


async def servers_away(around: Surroundings, service: str) -> set[str]:
    """Return the servers that the service does not reach, as `/ready` and the metrics say."""
    ready, metrics = await asyncio.gather(around.answer(service, "/ready"), around.answer(service, "/metrics"))
    return {*unready(ready), *unmeasured(metrics)}


def unready(answer: Answer) -> Iterable[str]:
    dependencies = answer.json().get("dependencies", {})
    return [name for name in SERVERS if dependencies.get(name) is False]


def unmeasured(answer: Answer) -> Iterable[str]:
    families = parsed(answer.body) if answer.is_there else {}
    for server in ("postgresql", "kafka"):
        if any(sample.value == 0 for sample in families.get(f"dayar_{server}_up", ())):
            yield server


def of_server(server: str, services: Sequence[str]) -> MonitoringFinding:
    values = {"server": SERVERS[server], "services": ", ".join(services)}
    return MonitoringFinding(kind=FindingKind.SERVER_AWAY, level=Level.FAILED, subject=server, values=values)
