"""The first start of `make run`: its order, its name behind a proxy, an integrator's settings, and two workers.

pytest runs files in the order of their names. pytest runs test_first_start.py before the files that restart the
installation.
"""

import json

import psutil
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException

from deploy.local.kafka import ADMIN
from deploy.local.process import wait_until
from deploy.provision.broker import Broker
from shared.monitoring import status
from tests.supervised import Run, soon_answer

pytestmark = pytest.mark.components


def test_programs_are_imported_while_the_servers_start_and_the_web_process_is_first(run: Run) -> None:
    """The imports begin before PostgreSQL starts.

    After PostgreSQL, the web process starts before the workers, so that intake accepts reports early.
    """
    importing = [file.stem for file in (run.folder / "run").glob("fork-server*.pid")]
    workers = ("registry-worker", "alerts-worker", "console-worker", "intake-worker")
    started = {name: psutil.Process(run.pid(name)).create_time() for name in ("web", "postgres", *importing, *workers)}
    assert importing
    assert max(started[name] for name in importing) < started["postgres"] < started["web"]
    assert started["web"] <= min(started[name] for name in workers)


def test_it_is_monitored_and_its_status_is_known(run: Run) -> None:
    def is_seen() -> bool:
        known = status.read(run.folder / "watch")
        return known is not None and all(component.is_up for component in known.components)

    assert wait_until(is_seen, timeout=120, every=0.2), status.read(run.folder / "watch")
    known = status.read(run.folder / "watch")
    assert known is not None
    assert {component.name for component in known.components} >= {
        *("intake", "registry", "alerts", "console", "PostgreSQL", "Kafka", "Valkey"),
        *("intake-worker", "registry-worker", "registry-worker-2", "alerts-worker", "console-worker"),
    }


def test_behind_a_proxy_it_becomes_ready_under_the_proxys_name(run: Run) -> None:
    assert "Dayar is at https://dayar.example" in run.printed
    assert soon_answer(run)


def test_an_integrator_gets_settings_that_read_hazards(run: Run) -> None:
    file = run.folder / "secrets" / "integrator.json"
    assert str(file) in run.printed
    assert file.stat().st_mode & 0o777 == 0o600
    seen = Consumer({**json.loads(file.read_text()), "group.id": "integrator.test"}).list_topics(
        "dayar.hazards", timeout=60
    )
    assert seen.topics["dayar.hazards"].error is None


def test_two_workers_share_the_reports(run: Run) -> None:
    bootstrap = json.loads((run.folder / "secrets" / "integrator.json").read_text())["bootstrap.servers"]
    password = (run.folder / "secrets" / "kafka-admin").read_text().strip()
    admin = Broker(bootstrap, ADMIN, password).admin()

    def shares() -> list[int]:
        try:
            members = admin.describe_consumer_groups(["dayar.registry"])["dayar.registry"].result().members
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NOT_COORDINATOR:
                raise
            return []  # Kafka has not loaded the consumer groups yet
        return [len(member.assignment.topic_partitions) for member in members]

    assert wait_until(lambda: shares() == [3, 3], timeout=120, every=0.2), shares()
