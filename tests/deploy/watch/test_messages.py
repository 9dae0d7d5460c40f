"""`dayar watch` sends its findings to the administrators as messages, and shows them at the terminal."""

import re
import string
from datetime import UTC, datetime, timedelta

import pytest

from cli import status as command
from deploy.watch import messages
from deploy.watch.tracked_findings import Occasion, Report
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding
from shared.monitoring.status import (
    ChannelStatus,
    CheckStatus,
    ComponentStatus,
    ConsumerStatus,
    FeedStatus,
    ServiceStatus,
    SystemStatus,
    TrackedFinding,
)
from shared.pages import findings
from shared.pages.catalogs import translations

NOW = datetime(2026, 11, 28, 3, tzinfo=UTC)
AWAY = MonitoringFinding(
    kind=FindingKind.SERVER_AWAY,
    level=Level.FAILED,
    subject="postgresql",
    values={"server": "PostgreSQL", "services": "alerts, registry"},
)
LETTERS = MonitoringFinding(
    kind=FindingKind.DEAD_LETTERS,
    level=Level.WARNING,
    subject="registry/displacements",
    values={"service": "registry", "topic": "displacements", "letters": 1200},
)


def tracked(finding: MonitoringFinding, **changed: object) -> TrackedFinding:
    return TrackedFinding.model_validate({"check": "services", "finding": finding, "since": NOW, **changed})


def test_a_message_names_the_failure_since_when_and_what_to_do() -> None:
    over = tracked(LETTERS, ended_at=NOW + timedelta(hours=1))
    reports = [Report(tracked(AWAY), Occasion.BEGUN), Report(over, Occasion.RECOVERED)]
    message = messages.message(reports, "ru", "https://dayar.example")
    assert message.subject == "Сбой: PostgreSQL не отвечает. Затронутые сервисы: alerts, registry (+1)"
    assert "С 28.11.2026, 09:00." in message.body
    assert "Что делать: Запустите сервер" in message.body
    assert (
        "Проблема устранена: Записи темы displacements, которые сервис registry не смог обработать: 1\xa0200."
        in message.body
    )
    assert "окончание: 28.11.2026, 10:00" in message.body
    assert "https://dayar.example/status" in message.body


@pytest.mark.parametrize("language", ["ky", "ru"])
def test_every_finding_has_a_sentence_with_the_same_figures(language: str) -> None:
    known = translations(language)
    assert set(findings.TEXTS) == set(FindingKind)
    for words in findings.TEXTS.values():
        names = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in (words.sentence, known.ugettext(words.sentence))
        ]
        assert names[0] == names[1], words.sentence


def test_the_status_at_a_terminal_of_80_columns() -> None:
    part = ServiceStatus(
        measured_at=NOW,
        consumers=(ConsumerStatus(service="registry", topic="displacements", unread=7, oldest=12.4),),
        feeds=(
            FeedStatus(
                name="earthquake.usgs.gov/earthquakes/feed/v1.0/summary/all_day.geojson",
                source="usgs",
                read_at=NOW,
                entry_at=None,
                failures=0,
            ),
        ),
        checks=(CheckStatus(name="clock", state="never", checked_at=None),),
        channels=(ChannelStatus(name="email", delivered_at=NOW, failing=3, failing_since=NOW),),
    )
    known = SystemStatus(
        looked_at=NOW,
        components=(ComponentStatus(name="PostgreSQL", is_up=False, version="18.1", answered_at=NOW),),
        parts={"registry": part},
        tracked_findings=(tracked(LETTERS), tracked(AWAY)),
    )
    lines = list(command.lines(known, NOW + timedelta(seconds=5)))
    assert max(map(len, lines)) <= 80
    text = re.sub(r"\s+", " ", "\n".join(lines))
    assert text.index("FAILURE: PostgreSQL does not answer") < text.index(
        "WARNING: Messages of the topic displacements"
    )
    assert "PostgreSQL 18.1 DOWN, 28 Nov 2026, 09:00" in text
    assert "registry / displacements 7 12 s" in text
    assert "clock not checked NTP_SERVER is not set" in text
    assert "email 28 Nov 2026, 09:00 28 Nov 2026, 09:00 (3)" in text
    assert "FAILURE: the monitoring has stopped" in "\n".join(command.lines(known, NOW + timedelta(minutes=3)))
