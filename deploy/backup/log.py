"""Reads Kafka's records for a backup.

A restore uses this module to publish the records again, and to set the offsets at which services continue.
"""

# raw SQL throughout: the schema may be of any release, and the models describe only this release

import base64
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import OffsetSpec

from deploy.backup.messages import LogSilent
from deploy.provision.broker import Broker
from deploy.provision.database import Server
from shared.events.topics import DEAD, KEY_HOLDERS, TOPICS
from shared.messaging.records import Partition

SECONDS = 20
DEAD_TOPICS = tuple(name for name in KEY_HOLDERS if name.endswith(DEAD))
WHOLE = (*DEAD_TOPICS, *(name for name, topic in TOPICS.items() if topic.is_compacted))
# A restored topic may have other offsets, so dead letters get the offsets of the new log. First, LETTERS_AWAY makes
# all old offsets negative, because a new offset may equal an old offset of another dead letter.
LETTERS_AWAY = (
    'UPDATE {schema}.dead_letters SET "offset" = "offset" - (1::bigint << 62) WHERE topic = $1 AND partition = $2'
)
LETTERS_BACK = (
    'UPDATE {schema}.dead_letters AS letters SET {written} "offset" = "offset" + (1::bigint << 62) '
    "+ least($3 - next_offset, 0) "
    "FROM {schema}.consumer_offsets AS read WHERE (read.topic, read.partition) = ($1, $2) "
    "AND (letters.topic, letters.partition) = ($1, $2)"
)
# `written_offset` stores the former offset, which the headers of the dead letter's record contain too.
WRITTEN = 'written_offset = coalesce(written_offset, "offset" + (1::bigint << 62)),'
IS_REMEMBERED = (
    "SELECT EXISTS (SELECT FROM information_schema.columns WHERE table_schema = $1 AND table_name = 'dead_letters' "
    "AND column_name = 'written_offset')"
)
MOVE = (
    "UPDATE {schema}.consumer_offsets SET first_offset = first_offset + ($3 - next_offset), next_offset = $3, "
    "stopped = NULL WHERE topic = $1 AND partition = $2"
)


# Names a dead letter: its service and topic, and the partition and offset in its headers.
Letter = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True)
class Log:
    """`ids` are the topics' ids in Kafka.

    A topic that is deleted and created anew gets a new id. `ends` maps each partition to its first stored offset and
    its next offset.
    """

    cluster: str
    ids: Mapping[str, str]
    ends: Mapping[Partition, tuple[int, int]]

    def as_json(self) -> dict[str, Any]:
        return {
            "cluster": self.cluster,
            "ids": dict(self.ids),
            "ends": [[*partition, *both] for partition, both in sorted(self.ends.items())],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Log":
        ends = {(topic, number): (begin, end) for topic, number, begin, end in document["ends"]}
        return cls(document["cluster"], document["ids"], ends)


NOT_KNOWN = Log("", {}, {})


def look(broker: Broker, prefix: str) -> Log:
    """Return NOT_KNOWN if the broker does not answer within `SECONDS`.

    After an update, topics of the new release may not exist yet: missing topics are skipped.
    """
    admin = broker.admin()
    names = {f"{prefix}{name}": name for name in (*TOPICS, *DEAD_TOPICS)}
    try:
        names = {name: names[name] for name in names.keys() & admin.list_topics(timeout=SECONDS).topics.keys()}
        described = admin.describe_topics(TopicCollection(list(names)), request_timeout=SECONDS)
        topics = {names[name]: topic.result(timeout=SECONDS) for name, topic in described.items()}
        partitions = {
            TopicPartition(f"{prefix}{name}", partition.id): (name, partition.id)
            for name, topic in topics.items()
            for partition in topic.partitions
        }
        begins = admin.list_offsets(
            {partition: OffsetSpec.earliest() for partition in partitions}, request_timeout=SECONDS
        )
        ends = admin.list_offsets({partition: OffsetSpec.latest() for partition in partitions}, request_timeout=SECONDS)
        return Log(
            admin.describe_cluster(request_timeout=SECONDS).result(timeout=SECONDS).cluster_id,
            {name: str(topic.topic_id) for name, topic in topics.items()},
            {
                name: (begins[partition].result(timeout=SECONDS).offset, ends[partition].result(timeout=SECONDS).offset)
                for partition, name in partitions.items()
            },
        )
    except (KafkaException, TimeoutError):
        return NOT_KNOWN


def missing(log: Log, positions: Iterable[tuple[str, int, int]]) -> set[str]:
    """Return the topics of this release that services have read and that Kafka no longer has."""
    return {topic for topic, _, _ in positions if topic in TOPICS} - log.ids.keys()


def carried(log: Log, positions: Iterable[tuple[str, int, int]]) -> dict[Partition, int]:
    """Map each partition to the offset of the first record that the backup needs.

    All records of compacted topics are backed up, because together they are the present state. Dead-letter topics are
    backed up from their start too. Of every other topic, a backup needs only the records that some service has not
    read yet.
    """
    unread: dict[Partition, int] = {}
    for topic, number, next_offset in positions:
        unread[topic, number] = min(next_offset, unread.get((topic, number), next_offset))
    firsts: dict[Partition, int] = {}
    for partition, (begin, end) in log.ends.items():
        first = begin if partition[0] in WHOLE else max(begin, unread.get(partition, begin))
        if first < end:
            firsts[partition] = first
    return firsts


def records(
    broker: Broker, prefix: str, log: Log, firsts: Mapping[Partition, int], letters: Collection[Letter]
) -> Iterator[bytes]:
    """Yield each partition's records from the offset in `firsts` to the end in `log`, as lines of JSON.

    From dead-letter topics, only the records in `letters` are yielded. Raises LogSilent.
    """
    ends = {(f"{prefix}{topic}", number): log.ends[topic, number][1] for topic, number in firsts}
    consumer = Consumer({**broker.options(), "group.id": "dayar-backup", "enable.auto.commit": False})
    try:
        consumer.assign(
            [TopicPartition(f"{prefix}{topic}", number, first) for (topic, number), first in firsts.items()]
        )
        while ends:
            record = consumer.poll(SECONDS)
            if record is None or record.error():
                raise LogSilent
            if record.topic().removeprefix(prefix) not in DEAD_TOPICS or _letter(record) in letters:
                yield _line(record, prefix)
            for partition in [partition for partition, end in ends.items() if _position(consumer, partition) >= end]:
                del ends[partition]
    finally:
        consumer.close()


def _position(consumer: Any, partition: Partition) -> int:
    return int(consumer.position([TopicPartition(*partition)])[0].offset)


def _letter(record: Any) -> Letter | None:
    """If a header is repeated, the last one is used: the service itself wrote this header."""
    headers = {name: value or b"" for name, value in record.headers() or ()}
    try:
        numbers = int(headers["dead_partition"]), int(headers["dead_offset"])
        return (headers["dead_service"].decode(), headers["dead_topic"].decode(), *numbers)
    except (KeyError, ValueError):  # services of Dayar write valid headers, so another program wrote this record
        return None


def _line(record: Any, prefix: str) -> bytes:
    headers = [(name, _text(value)) for name, value in record.headers() or ()]
    partition = [record.topic().removeprefix(prefix), record.partition()]
    line = [*partition, _text(record.key()), _text(record.value()), headers, record.timestamp()[1]]
    return json.dumps(line).encode() + b"\n"


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def publish(broker: Broker, prefix: str, lines: Iterable[bytes], topics: Collection[str]) -> int:
    """Publish the records of these topics unchanged. Return the number of records. Raises LogSilent."""
    producer = Producer({**broker.options(), "enable.idempotence": True})
    failed: list[Any] = []
    count = 0
    for topic, partition, key, value, headers, timestamp in map(json.loads, lines):
        if topic in topics:
            count += 1
            _produce(
                producer,
                f"{prefix}{topic}",
                partition=partition,
                key=_bytes(key),
                value=_bytes(value),
                timestamp=timestamp,
                headers=[(name, _bytes(content)) for name, content in headers],
                on_delivery=lambda error, _: failed.append(error) if error else None,
            )
    _flush(producer)
    if failed:
        raise LogSilent(failed[0])
    return count


def _produce(producer: Producer, topic: str, **record: Any) -> None:
    """While the producer's queue is full, wait for acknowledgements. Give up if no acknowledgement arrives."""
    while True:
        try:
            producer.produce(topic, **record)
        except BufferError:
            if not producer.poll(SECONDS):
                raise LogSilent from None
        except KafkaException as error:
            raise LogSilent(error) from None
        else:
            return


def _flush(producer: Producer) -> None:
    waiting = len(producer)
    while waiting:
        left = producer.flush(SECONDS)
        if left >= waiting:
            raise LogSilent
        waiting = left


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def is_same(topic: str, before: Log, now: Log) -> bool:
    """Return False if the topic was deleted, or created anew, after the backup.

    If the broker was unavailable during the backup, the backup has no ids, and the result is True.
    """
    return topic not in before.ids or before.ids[topic] == now.ids.get(topic)


def where_to_read(partition: Partition, next_offset: int, before: Log, now: Log) -> int:
    """Return the offset at which a service continues: `next_offset`, but at most the end of the log.

    In a topic that was created anew, the service continues at the first offset.
    """
    begin, end = now.ends.get(partition, (0, 0))
    if is_same(partition[0], before, now):
        return min(next_offset, end)
    return begin


async def move(server: Server, database: str, schema: str, targets: Mapping[Partition, int]) -> None:
    """Set the next offset of each partition.

    The first offset moves by the same distance, so the number of records between the first and the next offset does not
    change. The first offset may become negative. If the next offset moves back, the offsets of dead letters move by the
    same distance.
    """
    moves, quoted = [(*partition, to) for partition, to in targets.items()], f'"{schema}"'
    connection = await server.connect(database)
    try:
        async with connection.transaction():
            await connection.executemany(LETTERS_AWAY.format(schema=quoted), list(targets))
            # the schema of an earlier release has no column `written_offset`
            written = WRITTEN if await connection.fetchval(IS_REMEMBERED, schema) else ""
            await connection.executemany(LETTERS_BACK.format(schema=quoted, written=written), moves)
            await connection.executemany(MOVE.format(schema=quoted), moves)
    finally:
        await connection.close()
