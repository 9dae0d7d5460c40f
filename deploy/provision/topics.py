"""Creates the topics, and the rights of each login on them, as `shared.events.topics` declares them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from confluent_kafka import KafkaError, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    TopicMetadata,
)

from deploy.provision.acls import INTEGRATOR, filter_of, filter_of_login, groups_of, is_allowed, rights_of
from deploy.provision.broker import SECONDS, Broker, settle, wait_until
from shared.config import Settings
from shared.events import HazardReported
from shared.events.topics import CONTRACT, SEGMENT_MS, SERVICES, TOPICS, Topic
from shared.postgres.schemas import NotOurs

PARTITIONS = 6  # up to six workers can share a topic
MEBIBYTE = 1 << 20
CONTRACT_MARK = r"contract\.v[0-9]+"


class EarlierTopics(NotOurs):
    """These topics were written by an earlier build, whose records this build does not read.

    Use that build, or start anew with another TOPIC_PREFIX; nothing was changed.
    """


class NewerTopics(NotOurs):
    """These topics were written by a newer release. Use that release, or another TOPIC_PREFIX; nothing was changed."""


class UnequalPartitions(NotOurs):
    """These topics of one key have different numbers of partitions, so the records of one hazard have no common order.

    Give the topic with fewer partitions as many as the other topic has; nothing was changed.
    """


def create(
    broker: Broker,
    settings: Settings,
    *,
    logins: Mapping[str, str],
    partitions: int = PARTITIONS,
    replication: int = 1,
    declared: Mapping[str, Topic] = TOPICS,
) -> None:
    """Idempotent.

    Existing topics get the retention of `settings`.

    `logins` maps each service, and the integrator, to its Kafka login. A test passes only the topics that the test
    needs as `declared`.
    """
    admin, prefix = broker.admin(), settings.topic_prefix
    there = admin.list_topics(timeout=SECONDS).topics
    _hold_to_contract(admin, prefix, there)
    of_hazards = _count_of_hazards(there, prefix) or partitions
    mark = _topic(contract_mark(prefix), 1, replication, {"cleanup.policy": "compact"})
    settle(admin.create_topics([mark], request_timeout=SECONDS).values(), KafkaError.TOPIC_ALREADY_EXISTS)
    topics = list(_topics(settings, partitions, replication, of_hazards=of_hazards, declared=declared))
    made = admin.create_topics(topics, request_timeout=SECONDS)
    settle(made.values(), KafkaError.TOPIC_ALREADY_EXISTS)
    existing = [topic for topic in topics if made[topic.topic].exception() and "retention.ms" in topic.config]
    if existing:
        settle(admin.incremental_alter_configs(list(map(_retention, existing)), request_timeout=SECONDS).values())
    if broker.is_closed:
        _converge_rights(admin, prefix, set(rights_of(prefix, logins, declared)))
    # a broker refuses clients until the controller has told the broker about the topics
    wait_until(lambda: _knows_topics(admin, [topic.topic for topic in (mark, *topics)]))


def _converge_rights(admin: AdminClient, prefix: str, needed: set[AclBinding]) -> None:
    """Give our logins the needed rights, and withdraw their other rights on our topics and groups.

    Other topics and groups may belong to another installation, even if their names begin with the prefix. Returns when
    the broker knows the needed rights, because until then the broker refuses our clients.
    """
    settle(admin.create_acls(list(needed), request_timeout=SECONDS).values())
    logins = {right.principal for right in needed}
    given = set[AclBinding]()

    def are_given() -> bool:
        given.update(_rights(admin, logins))
        return needed <= given

    wait_until(are_given)
    ours = {*_names(prefix), *(group for _, group in groups_of(prefix))}
    surplus = [right for right in given - needed if right.name in ours and is_allowed(right)]
    if surplus:
        settle(admin.delete_acls(list(map(filter_of, surplus)), request_timeout=SECONDS).values())


def _knows_topics(admin: AdminClient, names: Sequence[str]) -> bool:
    answers = admin.describe_topics(TopicCollection(names), request_timeout=SECONDS)
    return all(answer.exception(timeout=SECONDS) is None for answer in answers.values())


def _rights(admin: AdminClient, principals: Iterable[str]) -> set[AclBinding]:
    """Leaves out the rights of other logins, because a cluster may have many logins."""
    answers = [admin.describe_acls(filter_of_login(principal), request_timeout=SECONDS) for principal in principals]
    return set(chain.from_iterable(answer.result(timeout=SECONDS) for answer in answers))


def _count_of_hazards(there: Mapping[str, TopicMetadata], prefix: str) -> int | None:
    """Return None if no topic of hazards exists.

    Raises UnequalPartitions.

    A new topic of hazards gets as many partitions as the existing topics of hazards, even if another number is
    configured.
    """
    names = [name for name in (f"{prefix}{topic}" for topic in HazardReported.topics()) if name in there]
    counts = {len(there[name].partitions) for name in names}
    if len(counts) > 1:
        raise UnequalPartitions(*names)
    return counts.pop() if counts else None


def described(settings: Settings) -> str:
    """The text changes if a release of Dayar changes a topic or a right."""
    prefix = settings.topic_prefix
    logins = {login: login for login in (*SERVICES, INTEGRATOR)}
    wanted = [(topic.topic, sorted(topic.config.items())) for topic in _topics(settings, 6, 1, of_hazards=6)]
    return repr((contract_mark(prefix), wanted, sorted(map(str, rights_of(prefix, logins)))))


def are_there(broker: Broker, settings: Settings) -> bool:
    there = set(broker.admin().list_topics(timeout=SECONDS).topics)
    return {topic.topic for topic in _topics(settings, 6, 1, of_hazards=6)} <= there


def hold_to_contract(broker: Broker, prefix: str) -> None:
    """Raises EarlierTopics or NewerTopics if the topics have another contract version.

    `create` first makes an empty topic, the version topic, whose name contains the contract version. Administrators of
    a cluster may create our topics without the version topic. If our topics have no records, they get the present
    version.
    """
    admin = broker.admin()
    _hold_to_contract(admin, prefix, admin.list_topics(timeout=SECONDS).topics)


def _hold_to_contract(admin: AdminClient, prefix: str, there: Mapping[str, TopicMetadata]) -> None:
    marks = [int(name.rpartition("v")[2]) for name in there if re.fullmatch(re.escape(prefix) + CONTRACT_MARK, name)]
    written = max(marks, default=CONTRACT)
    if not marks and _hold_records(admin, [there[name] for name in _names(prefix) if name in there]):
        written = 1  # topics of version 1 had no version topic
    if written > CONTRACT:
        raise NewerTopics(prefix)
    if written < CONTRACT:
        raise EarlierTopics(prefix)


def _hold_records(admin: AdminClient, topics: Iterable[TopicMetadata]) -> bool:
    partitions = [TopicPartition(str(topic.topic), number) for topic in topics for number in topic.partitions]
    if not partitions:
        return False
    begins = admin.list_offsets({partition: OffsetSpec.earliest() for partition in partitions}, request_timeout=SECONDS)
    ends = admin.list_offsets({partition: OffsetSpec.latest() for partition in partitions}, request_timeout=SECONDS)
    return any(begins[partition].result().offset < ends[partition].result().offset for partition in partitions)


def contract_mark(prefix: str) -> str:
    return f"{prefix}contract.v{CONTRACT}"


def remove(broker: Broker, prefix: str, *, logins: Mapping[str, str]) -> None:
    """Deletes what `create` made under this prefix, and nothing else."""
    admin = broker.admin()
    gone = admin.delete_topics([*_names(prefix), contract_mark(prefix)], request_timeout=SECONDS)
    acls = {}
    if broker.is_closed:
        own = [filter_of(binding) for binding in rights_of(prefix, logins) if binding.name.startswith(prefix)]
        acls = admin.delete_acls(own, request_timeout=SECONDS)
    settle(gone.values(), KafkaError.UNKNOWN_TOPIC_OR_PART)
    settle(acls.values())


def _names(prefix: str) -> Iterator[str]:
    for topic in TOPICS.values():
        yield from (f"{prefix}{name}" for name in (topic.name, *map(topic.dead, topic.consumers)))


def _topics(
    settings: Settings,
    partitions: int,
    replication: int,
    *,
    of_hazards: int,
    declared: Mapping[str, Topic] = TOPICS,
) -> Iterator[NewTopic]:
    prefix = settings.topic_prefix
    for topic in declared.values():
        number = of_hazards if topic.name in HazardReported.topics() else partitions
        yield _topic(f"{prefix}{topic.name}", number, replication, _config(topic, settings.kept_ms(topic)))
        for service in topic.consumers:
            config = {
                "cleanup.policy": "delete",
                "retention.ms": str(settings.dead_kept_ms),
                "segment.ms": str(SEGMENT_MS),
                "max.message.bytes": str(2 * MEBIBYTE),
            }
            yield _topic(f"{prefix}{topic.dead(service)}", 1, replication, config)


def _topic(name: str, partitions: int, replication: int, config: Mapping[str, str]) -> NewTopic:
    return NewTopic(name, num_partitions=partitions, replication_factor=replication, config=dict(config))


def _retention(topic: NewTopic) -> ConfigResource:
    """Changes the retention of an existing topic."""
    kept = [
        ConfigEntry(name, topic.config[name], incremental_operation=AlterConfigOpType.SET)
        for name in ("retention.ms", "segment.ms")
        if name in topic.config
    ]
    return ConfigResource(ConfigResource.Type.TOPIC, topic.topic, incremental_configs=kept)


def _config(topic: Topic, kept_ms: int | None) -> dict[str, str]:
    if topic.is_compacted:
        return {"cleanup.policy": "compact"}
    if kept_ms is None:
        return {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
    # The broker sets each record's timestamp (LogAppendTime), because an author must not decide how long the record is
    # kept. Kafka deletes only whole segments, so a new segment begins each day.
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(kept_ms),
        "message.timestamp.type": "LogAppendTime",
        "segment.ms": str(SEGMENT_MS),
    }
