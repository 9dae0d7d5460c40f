"""Declares the topics: their writers, readers and retention, and the consumer that must publish outcomes."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

Holders = tuple[str, ...]

# The version of the record layout. Each change of the layout increases the version. Stored records are never migrated.
# Dayar refuses to start if Kafka has records of an earlier version (deploy/provision, shared/postgres/schemas.py).
CONTRACT = 4

DAY_MS = 86_400_000
DEAD = ".dead"

RECORD_BYTES = 1_000_000  # below Kafka's default of 1 MiB
DEAD_LETTER_BYTES = 2_000_000  # enough for a record of 1 MiB after two base64 encodings and the encryption


class Sensitivity(StrEnum):
    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class Topic:
    """`kept_days` is the default retention.

    None means that records are kept for ever. In the services `web_readers`, every web process reads the whole topic,
    without a consumer group.
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
    """Return the largest size of a record, including key and headers."""
    return DEAD_LETTER_BYTES if topic.endswith(DEAD) else RECORD_BYTES


SERVICES = ("intake", "registry", "alerts", "console")

# The alerts service reads households in a second consumer group, so that batches of households do not delay hazards.
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


# Maps each topic to its writers and its readers. The writers and the readers of a topic need its signing key.
KEY_HOLDERS = dict(holders for topic in TOPICS.values() for holders in _key_holders(topic))

DEAD_LETTERS_DAYS = 90  # default of the setting DEAD_LETTERS_DAYS
# The time covered by one segment. Kafka deletes only whole segments, so a record can stay up to one day longer than its
# retention.
SEGMENT_MS = DAY_MS
