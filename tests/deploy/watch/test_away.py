"""Kafka and PostgreSQL are killed. The administrators get mails about Kafka and PostgreSQL from a real mail server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import yaml  # type: ignore[import-untyped]
from aiosmtpd.smtp import SMTP

from deploy.local import paths as paths_of_checkout
from deploy.watch import paths
from deploy.watch.checks import CHECKS
from deploy.watch.settings import WatchSettings
from deploy.watch.surroundings import Surroundings
from deploy.watch.tracked_findings import Patience
from deploy.watch.watch import Watch
from shared.auth.tokens import Role
from shared.monitoring import status as files
from shared.monitoring.findings import FindingKind
from shared.outbound import Outbound
from tests.alerts.mailbox import Box
from tests.hooks import Hook
from tests.installation import Installation
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

AT_ONCE = Patience(timedelta(hours=1), {}, settled=timedelta())
# The checks of each round, without the check of the disk: the disk of the tests may be full.
EACH_ROUND = [replace(check, every=0, timeout=60, lasting=0) for check in CHECKS if check.name != "disk"]


@pytest.fixture
async def box() -> AsyncIterator[tuple[Box, int]]:
    box = Box()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
    async with server:
        yield box, server.sockets[0].getsockname()[1]


TROUBLES = """
INSERT INTO registry.dead_letters (topic, partition, "offset", reason, pointer)
    VALUES ('displacements', 0, 1, 'malformed', '');
INSERT INTO registry.consumer_offsets (topic, partition, first_offset, next_offset, stopped)
    VALUES ('displacements', 0, 0, 5, 'gap');
INSERT INTO registry.reports (report_id, version, author, kind, subject_id, channel, received_at, flags, status, digest,
        outcome, reason, outcome_id, clear, sealed)
    VALUES (gen_random_uuid(), 1, gen_random_uuid(), 'household', gen_random_uuid(), 'field', now() - interval '2 days',
        '{}', 'Actual', '', 'held', 'not_author', gen_random_uuid(), '{}', '');
INSERT INTO alerts.deliveries (delivery_id, alert_id, step, recipient, channel, cause, content, created_at, due_at,
        attempts)
    VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'duty', 'email', 'raised', '{}', now() - interval '10 minutes',
        now(), 3);
INSERT INTO alerts.alerts (alert_id, kind, status, area, situation, sequence, rule, reason, severity, onset, raised_at,
        changed_at, nature, is_suppressed, is_lapsed, step, level, figures, pcodes)
    VALUES (gen_random_uuid(), 'hazard', 'Actual', 'KG', 'mudflow', 1, 'severity', 'source_severity', 'Extreme', now(),
        now(), now(), 'machine', false, false, 1, 0, '{}', '{}');
INSERT INTO console.accounts (account_id, name, roles, areas, sources)
    VALUES (gen_random_uuid(), 'tsunami', '{integration}', '{KG}', '{}');
INSERT INTO console.sign_ins (jti, account_id, channel, address, browser, signed_in_at, seen_at, expires_at)
    SELECT gen_random_uuid(), account_id, 'api', '', '', now(), now(), now() + interval '3 days' FROM console.accounts;
INSERT INTO intake.feeds (name, source, read_at, failures)
    VALUES ('usgs=https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/2.5_day.geojson', 'usgs', now(), 0);
"""
OF_TROUBLES = {
    FindingKind.DEAD_LETTERS,
    FindingKind.CONSUMER_STOPPED,
    FindingKind.LEDGER_UNBALANCED,
    FindingKind.HELD_OLD,
    FindingKind.CHANNEL_FAILING,
    FindingKind.ALERTS_UNSENT,
    FindingKind.TOKENS_END,
    FindingKind.FEED_SILENT,
    FindingKind.BACKUP_NEVER,
}


def names_in_rules() -> set[str]:
    file = paths_of_checkout.ROOT / "deploy" / "observability" / "rules.test.yml"
    (tested,) = yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]
    return {series["series"].split("{")[0] for series in tested["input_series"]} - {"up"}


async def measured(around: Surroundings) -> set[str]:
    return {name for service in around.settings.services for name in await around.metrics(service)}


class Rounds:
    """Runs rounds of `dayar watch`. In each round, the services are asked anew."""

    def __init__(self, watch: Watch, around: Surroundings) -> None:
        self.watch, self.around = watch, around
        self.ahead = timedelta()
        around.clock = lambda: datetime.now(UTC) + self.ahead

    async def once(self) -> set[FindingKind]:
        self.ahead += timedelta(minutes=1)
        await self.watch.once()
        return {tracked.finding.kind for tracked in self.watch.status.open}

    async def finds(self, wanted: set[FindingKind]) -> bool:
        return await self.once() == wanted

    async def until(self, wanted: set[FindingKind]) -> set[FindingKind]:
        """Returns all findings of the next round, or nothing if one of `wanted` is missing."""
        found = await self.once()
        return found if found >= wanted else set()


async def test_the_administrators_are_told_while_postgresql_and_kafka_are_away(
    killable_installation: Installation, box: tuple[Box, int], hook: Hook
) -> None:
    inbox, port = box
    connection = await killable_installation.components.server.connect(killable_installation.database)
    await connection.execute(TROUBLES)
    await connection.close()
    web = killable_installation.web()
    kafka, postgres = killable_installation.components.kafka, killable_installation.components.postgres
    settings = killable_installation.settings(
        WatchSettings,
        "watch",
        port=killable_installation.port,
        watch_mail_to=("admin@centre.example",),
        watch_webhook=hook.url,
        alerts_smtp_host="127.0.0.1",
        alerts_smtp_port=port,
        outbound_allow=(f"127.0.0.1:{port}", f"127.0.0.1:{hook.port}"),
        watch_language="en",
    )
    async with Outbound(settings) as outbound:
        (folder := settings.state / "watch").mkdir()
        around = Surroundings(settings)
        watch = Watch(around, paths.of(settings, outbound), folder, checks=EACH_ROUND)
        watch.patience, rounds = AT_ONCE, Rounds(watch, around)

        await wait_for(lambda: rounds.finds(OF_TROUBLES))  # a busy service may give no answer in the first round
        servers = {component.name: component for component in watch.status.components}
        assert servers["PostgreSQL"].is_up and servers["Kafka"].is_up and servers["PostgreSQL"].version

        assert await measured(around) >= names_in_rules()

        kafka.kill9()
        postgres.kill9()
        away = {FindingKind.SERVER_AWAY, FindingKind.CHECK_BLIND}
        found = await wait_for(lambda: rounds.until(away), timeout=60)
        assert found == away | OF_TROUBLES, "what was found before is still known"
        told = "\n".join(mail.get_content() for mail in inbox.mails)
        assert inbox.mails[-1]["To"] == "admin@centre.example"
        assert "Failure: PostgreSQL does not answer." in told
        assert "Failure: Kafka does not answer." in told
        assert "Cannot be checked now: " in told
        kinds = {finding["kind"] for body in hook.bodies for finding in body["findings"]}
        assert kinds - {FindingKind.SERVICE_SILENT} == found

        bearer = {"authorization": f"Bearer {killable_installation.token(roles=[Role.ADMINISTRATOR])}"}
        page = await asyncio.to_thread(httpx.get, f"{web.base_url}/status?lang=en", headers=bearer, timeout=60)
        assert "PostgreSQL does not answer." in page.text

        web.process.kill9()
        assert FindingKind.SERVICE_SILENT in await rounds.once()
        known = files.read(folder)
        assert known is not None and known.open == watch.status.open
        assert {consumer.service for consumer in known.parts["registry"].consumers} == {"registry"}
