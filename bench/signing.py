"""`python -m bench.signing` measures how much CPU time a signature adds to writing and to reading a record."""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from deploy.provision import record_keys
from shared import events
from shared.config import Settings
from shared.events import HazardReported, Message
from shared.messaging.records import Record
from shared.messaging.signatures import RecordSigner, RecordVerifier

RECORDS, ROUNDS = 20_000, 3


def hazard() -> HazardReported:
    now = datetime.now(UTC)
    return HazardReported.model_validate(
        {
            "report_id": uuid4(),
            "hazard_id": uuid4(),
            "author": uuid4(),
            "channel": "feed",
            "received_at": now,
            "source": "usgs",
            "source_id": "us20005gku",
            "type": "earthquake",
            "magnitude": 4.7,
            "depth_km": 11.0,
            "area": {"pcodes": ["KG06207000000"], "point": {"lat": 39.6, "lon": 73.3}},
            "onset": now,
            "reported_at": now,
        }
    )


def microseconds(call: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(RECORDS):
        call()
    return (time.process_time() - began) / RECORDS * 1e6


def shown(name: str, without: Callable[[], object], with_it: Callable[[], object]) -> None:
    pairs = [(microseconds(without), microseconds(with_it)) for _ in range(ROUNDS)]
    for a, b in pairs:
        print(f"  A {a:6.2f}  B {b:6.2f} µs")
    costs = sorted(b - a for a, b in pairs)
    print(f"{name}: {costs[len(costs) // 2]:.2f} µs of CPU a record more than without a signature")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        folders = record_keys.folders(Path(folder))
        record_keys.draw(folders)
        signer = RecordSigner(settings(folders, "intake"))
        verifier = RecordVerifier(settings(folders, "alerts"))
        data, id = hazard(), uuid4()

        def made() -> Message:
            return events.message(data, id=id, source="/intake", time=data.received_at)

        signed = signer.sign(made())
        record = Record(signed.topic, 0, 0, 0, signed.key, signed.value, signed.headers)

        def decoded() -> object:
            return events.decode(record.topic, record.value, record.headers)

        def verified() -> object:
            verifier.verify(record)
            return decoded()

        shown("sign", made, lambda: signer.sign(made()))
        shown("verify", decoded, verified)


def settings(folders: record_keys.Folders, service: str) -> Settings:
    return Settings(record_keys=str(folders[service]), DAYAR_EXERCISE=False).for_service(service)


if __name__ == "__main__":
    main()
