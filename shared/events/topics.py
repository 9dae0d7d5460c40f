"""The topics: who writes, who reads, how long they are kept, and which consumer owes an outcome."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

Holders = tuple[str, ...]

# The layout of the records on the log. Records are not migrated: whoever changes their layout counts up, and what an
# earlier build wrote is refused (deploy/provision, shared/postgres/database.py).
CONTRACT = 2

DAY_MS = 86_400_000
DEAD = ".dead"

RECORD_BYTES = 1_000_000  # of the 1 MiB that Kafka takes unless told otherwise
DEAD_LETTER_BYTES = 2_000_000  # a whole record of 1 MiB, in base64 and sealed, in base64 again


class Sensitivity(StrEnum):
    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class Topic:
    """`kept_days` None = for ever, else unless a setting says otherwise; `web_readers` read without a group, to the end, in every web process."""

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
    """How much a record on this topic may weigh, with its key and headers."""
    return DEAD_LETTER_BYTES if topic.endswith(DEAD) else RECORD_BYTES


SERVICES = ("intake", "registry", "alerts", "console")

# Beside the consumer group of each service's own name: hazards do not wait for households, nor for their rebalances.
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
            "displacements",
            "household_id or group_id",
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
        Topic("alerts", "alert_id", ("alerts",), ("console",), Sensitivity.INTERNAL, web_readers=("console",)),
        Topic(
            "outcomes",
            "report_id",
            ("registry", "alerts"),
            ("console",),
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
    """The topics that a service writes and signs, dead letters among them."""
    return tuple(topic for topic, (writers, _) in KEY_HOLDERS.items() if service in writers)


def _key_holders(topic: Topic) -> Iterator[tuple[str, tuple[Holders, Holders]]]:
    yield topic.name, (topic.writers, tuple(dict.fromkeys((*topic.consumers, *topic.web_readers))))
    for service in topic.consumers:
        yield topic.dead(service), ((service,), (service,))


# Who holds the key that a topic's records are signed with: its writers, and its readers among our services.
KEY_HOLDERS = dict(holders for topic in TOPICS.values() for holders in _key_holders(topic))

DEAD_LETTERS_DAYS = 90  # unless a setting says otherwise
# Of what is not kept for ever: it goes by whole segments, so that a record outlives its days by up to one.
SEGMENT_MS = DAY_MS
