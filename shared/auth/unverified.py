"""Records of the topic `access` that wait for their signature key."""

from collections.abc import Iterator

from shared import log
from shared.messaging.records import Record

MOST_RECORDS = 1000
LONGEST_RECORD = 16 * 1024  # bytes; records of our own services are far shorter


class UnverifiedRecords:
    """If a record waits, later records of the same credential also wait, in order.

    The number of waiting records is limited, because an attacker with a broker login can write records with unknown
    keys.
    """

    def __init__(self) -> None:
        self._by_credential: dict[bytes, list[Record]] = {}
        self._count = 0

    def __iter__(self) -> Iterator[bytes]:
        return iter(list(self._by_credential))

    def holds(self, record: Record) -> bool:
        return record.key in self._by_credential

    def add(self, record: Record) -> bool:
        """Return False if there is no space.

        If there is no space, the record has no effect until the next start reads the topic again.
        """
        if self._count >= MOST_RECORDS or _size(record) > LONGEST_RECORD:
            log.get().error("access event with an unknown key is passed over until the next start")
            return False
        self._by_credential.setdefault(record.key, []).append(record)
        self._count += 1
        return True

    def take(self, credential: bytes) -> list[Record]:
        """Remove and return the records of this credential, oldest first."""
        records = self._by_credential.pop(credential)
        self._count -= len(records)
        return records


def _size(record: Record) -> int:
    headers = sum(len(name) + len(value or b"") for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers
