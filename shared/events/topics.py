"""Declares the topics: their writers, readers and retention, and the consumer that must publish outcomes."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

Holders = tuple[str, ...]

# The version of the record layout, which each change of the layout increases. Stored records are not migrated. A
# release of Dayar refuses to start if Kafka has records of an earlier version (deploy/provision,
# shared/postgres/schemas.py).
CONTRACT = 4

DAY_MS = 86_400_000
DEAD = ".dead"

RECORD_BYTES = 1_000_000  # below Kafka's default of 1 MiB
DEAD_LETTER_BYTES = 2_000_000  # a record of 1 MiB still fits after base64, sealing, and base64


class Sensitivity(StrEnum):
    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class Topic:
    """`kept_days` is the default retention; it is None if records are kept for ever.

    `web_readers` read the whole topic in every web process, without a consumer group.
    """

    name: str
    key: str
    writers: tuple[str, ...]
    consumers: tuple[str, ...]
    sensitivity: Sensitivity
    web_readers: tuple[str, ...] = ()
    owes_outcome: tuple[str, ...] = ()
    kept_days: int | None = None
    is_compacted: bool = False

    def dead(self, service: str) -> str:
        return f"{self.name}.{service}{DEAD}"


def record_bytes(topic: str) -> int:
    """The limit for a record, including its key and headers."""
    return DEAD_LETTER_BYTES if topic.endswith(DEAD) else RECORD_BYTES


SERVICES = ("intake", "registry", "alerts", "console")

# A second consumer group of the alerts service, so that batches of households delay no hazard.
ALERTS_HOUSEHOLDS = "alerts.households"
GROUPS = {"alerts": (ALERTS_HOUSEHOLDS,)}

TOPICS = {
    topic.name: topic
    for topic in (
        Topic(
            "hazards",
            "hazard_id",
            ("intake",),
            ("alerts", "console"),
            Sensitivity.PUBLIC,
            web_readers=("console",),
            owes_outcome=("alerts",),
        ),
        Topic(
            "hazards-restricted",
            "hazard_id",
            ("intake",),
            ("alerts", "console"),
            Sensitivity.INTERNAL,
            web_readers=("console",),
            owes_outcome=("alerts",),
        ),
        Topic(
            "displacements",
            "household_id, group_id or site_id; report_id of a movement by short code",
            ("intake",),
            ("registry",),
            Sensitivity.RESTRICTED,
            owes_outcome=("registry",),
            kept_days=30,
        ),
        Topic(
            "households",
            "household_id",
            ("registry",),
            ("alerts", "console"),
            Sensitivity.RESTRICTED,
            web_readers=("console",),
        ),
        Topic(
            "groups",
            "group_id",
            ("registry",),
            ("alerts", "console"),
            Sensitivity.RESTRICTED,
            web_readers=("console",),
        ),
        Topic("sites", "site_id", ("registry",), ("alerts", "console"), Sensitivity.INTERNAL),
        Topic("alerts", "alert_id", ("alerts",), ("console",), Sensitivity.INTERNAL, web_readers=("console",)),
        Topic(
            "outcomes",
            "report_id",
            ("registry", "alerts"),
            ("console", "intake"),
            Sensitivity.RESTRICTED,
            web_readers=("console",),
        ),
        Topic(
            "access",
            "uuid5(credential_id, kind), or team",
            ("console",),
            (),
            Sensitivity.INTERNAL,
            web_readers=SERVICES,
            is_compacted=True,
        ),
    )
}


def signed_by(service: str) -> tuple[str, ...]:
    """Includes dead letters."""
    return tuple(topic for topic, (writers, _) in KEY_HOLDERS.items() if service in writers)


def _key_holders(topic: Topic) -> Iterator[tuple[str, tuple[Holders, Holders]]]:
    yield topic.name, (topic.writers, tuple(dict.fromkeys((*topic.consumers, *topic.web_readers))))
    for service in topic.consumers:
        yield topic.dead(service), ((service,), (service,))


# Maps each topic to its writers and readers, who all need the topic's signing key.
KEY_HOLDERS = dict(holders for topic in TOPICS.values() for holders in _key_holders(topic))

DEAD_LETTERS_DAYS = 90  # default of the setting DEAD_LETTERS_DAYS
# Kafka deletes whole segments, so a record can outlive its retention by one day
SEGMENT_MS = DAY_MS
