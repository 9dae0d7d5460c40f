"""The settings state the retention of each topic. New and existing topics get this retention."""

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from deploy.local.process import wait_until
from deploy.provision import acls, topics
from shared.config import Settings
from shared.events.topics import CONTRACT
from tests.installation import Installation

DAY_MS = 86_400_000


def test_a_changed_setting_changes_existing_topics(installation: Installation) -> None:
    broker, prefix = installation.components.broker, installation.topic_prefix
    shorter = Settings(topic_prefix=prefix, displacements_days=10, dead_letters_days=60)
    admin = broker.admin()
    names = ("displacements", "displacements.registry.dead", "hazards")
    assert wait_until(lambda: kept_ms(admin, prefix, *names) == [30 * DAY_MS, 90 * DAY_MS, -1], timeout=60)
    topics.create(broker, shorter, logins=installation.ground.kafka_logins)
    assert wait_until(lambda: kept_ms(admin, prefix, *names) == [10 * DAY_MS, 60 * DAY_MS, -1], timeout=60)


def test_a_right_that_a_login_no_longer_needs_is_withdrawn(installation: Installation) -> None:
    """The console's right to read reports was given by an earlier release of Dayar.

    The administrators of the cluster gave all other rights, which must stay.
    """
    broker, prefix, logins = installation.components.broker, installation.topic_prefix, installation.ground.kafka_logins
    if not broker.is_closed:
        pytest.skip("a given Kafka without logins has no rights")
    reports, elsewhere = f"{prefix}displacements", f"{prefix}displacements.archive"
    surplus, *others = (
        AclBinding(kind, name, ResourcePatternType.LITERAL, f"User:{login}", "*", AclOperation.READ, permission)
        for kind, name, login, permission in (
            (ResourceType.TOPIC, reports, logins["console"], AclPermissionType.ALLOW),
            (ResourceType.TOPIC, elsewhere, logins["console"], AclPermissionType.ALLOW),
            (ResourceType.TOPIC, reports, logins["alerts"], AclPermissionType.DENY),
            (ResourceType.TOPIC, reports, f"{prefix}archive", AclPermissionType.ALLOW),
        )
    )
    admin = broker.admin()
    answers = admin.create_acls([surplus, *others], request_timeout=60)
    assert all(answer.exception(timeout=60) is None for answer in answers.values())
    assert wait_until(lambda: rights_on(admin, prefix) > {surplus, *others}, timeout=60)
    before = rights_on(admin, prefix)
    topics.create(broker, Settings(topic_prefix=prefix), logins=logins)
    assert wait_until(lambda: rights_on(admin, prefix) == before - {surplus}, timeout=60)
    removed = admin.delete_acls(list(map(acls.filter_of, others)), request_timeout=60)
    assert all(answer.exception(timeout=60) is None for answer in removed.values())


def test_a_topic_with_a_retention_deletes_one_day_at_a_time(installation: Installation) -> None:
    """`dayar keys retire` needs segments of at most one day."""
    broker, prefix = installation.components.broker, installation.topic_prefix
    admin, names = broker.admin(), ("displacements", "displacements.registry.dead", "hazards.alerts.dead")
    week = [ConfigEntry("segment.ms", str(7 * DAY_MS), incremental_operation=AlterConfigOpType.SET)]
    of_before = ConfigResource(ConfigResource.Type.TOPIC, prefix + names[1], incremental_configs=week)
    for answer in admin.incremental_alter_configs([of_before]).values():
        answer.result(timeout=60)
    topics.create(broker, Settings(topic_prefix=prefix), logins=installation.ground.kafka_logins)
    assert wait_until(lambda: shown(admin, "segment.ms", prefix, *names) == [DAY_MS] * 3, timeout=60)


def create_topic(admin: AdminClient, name: str, *, partitions: int) -> None:
    """Waits until the broker lists the topic: the controller answers before the broker knows the topic."""
    for answer in admin.create_topics([NewTopic(name, partitions, 1)]).values():
        answer.result(timeout=30)
    assert wait_until(lambda: name in admin.list_topics(timeout=30).topics, timeout=60)


def test_topics_of_an_earlier_build_are_refused_unchanged(tables: Installation) -> None:
    """Topics of an earlier build have records, but no version mark."""
    broker, prefix = tables.components.broker, tables.topic_prefix
    settings, admin = Settings(topic_prefix=prefix), broker.admin()
    create_topic(admin, f"{prefix}hazards", partitions=1)
    producer = Producer(broker.options())
    producer.produce(f"{prefix}hazards", b"{}")
    assert producer.flush(30) == 0
    try:
        with pytest.raises(topics.EarlierTopics):
            topics.create(broker, settings, logins=tables.ground.kafka_logins)
        assert own(admin, prefix) == {f"{prefix}hazards"}
    finally:
        for answer in admin.delete_topics([f"{prefix}hazards"]).values():
            answer.result(timeout=30)


def test_empty_existing_topics_are_provisioned(tables: Installation) -> None:
    """An administrator may have created these topics, with other numbers of partitions and replicas."""
    broker, prefix = tables.components.broker, tables.topic_prefix
    settings, admin = Settings(topic_prefix=prefix), broker.admin()
    create_topic(admin, f"{prefix}hazards", partitions=3)
    try:
        topics.create(broker, settings, logins=tables.ground.kafka_logins)
        assert topics.are_there(broker, settings)
        assert topics.contract_mark(prefix) in own(admin, prefix)
    finally:
        for answer in admin.delete_topics(sorted(own(admin, prefix))).values():
            answer.result(timeout=30)


def test_only_a_new_topic_of_hazards_has_as_many_partitions_as_the_existing_one(tables: Installation) -> None:
    """The topics `hazards` and `hazards-restricted` must have equal numbers of partitions.

    With unequal numbers, two workers could read the same hazard from two partitions. All other new topics have the
    configured number of partitions.
    """
    broker, prefix = tables.components.broker, tables.topic_prefix
    settings, admin = Settings(topic_prefix=prefix), broker.admin()
    public, restricted = f"{prefix}hazards", f"{prefix}hazards-restricted"
    create_topic(admin, public, partitions=3)
    try:
        topics.create(broker, settings, logins=tables.ground.kafka_logins, partitions=12)
        there = admin.list_topics(timeout=30).topics
        assert (len(there[public].partitions), len(there[restricted].partitions)) == (3, 3)
        assert len(there[f"{prefix}households"].partitions) == 12
        for answer in admin.create_partitions([NewPartitions(restricted, 4)]).values():
            answer.result(timeout=30)
        assert wait_until(lambda: len(admin.list_topics(timeout=30).topics[restricted].partitions) == 4, timeout=60)
        with pytest.raises(topics.UnequalPartitions):
            topics.create(broker, settings, logins=tables.ground.kafka_logins, partitions=12)
    finally:
        for answer in admin.delete_topics(sorted(own(admin, prefix))).values():
            answer.result(timeout=30)


def test_topics_of_another_record_layout_are_refused_both_ways(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker, settings = installation.components.broker, Settings(topic_prefix=installation.topic_prefix)
    topics.hold_to_contract(broker, settings.topic_prefix)
    installation.ground.wait()
    for contract, refusal in ((CONTRACT + 1, topics.EarlierTopics), (CONTRACT - 1, topics.NewerTopics)):
        monkeypatch.setattr(topics, "CONTRACT", contract)
        with pytest.raises(refusal):
            topics.create(broker, settings, logins=installation.ground.kafka_logins)
        monkeypatch.undo()


def own(admin: AdminClient, prefix: str) -> set[str]:
    return {name for name in admin.list_topics(timeout=30).topics if name.startswith(prefix)}


def rights_on(admin: AdminClient, prefix: str) -> set[AclBinding]:
    everything = AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    rights = admin.describe_acls(everything, request_timeout=60).result(timeout=60)
    return {right for right in rights if right.name.startswith(prefix)}


def kept_ms(admin: AdminClient, prefix: str, *names: str) -> list[int]:
    return shown(admin, "retention.ms", prefix, *names)


def shown(admin: AdminClient, setting: str, prefix: str, *names: str) -> list[int]:
    resources = [ConfigResource(ConfigResource.Type.TOPIC, prefix + name) for name in names]
    configs = admin.describe_configs(resources)
    return [int(configs[resource].result()[setting].value) for resource in resources]
