"""`python -m deploy.containers.health [worker|watch]` is the health check of a container."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from shared.liveness import over_http

ESTABLISHED = "01"
KAFKA_PORT, DATABASE_PORT = 9092, 5432  # ports of addresses that name no port
SECONDS = 4
FRESH_SECONDS = 60


def main() -> None:
    kind = " ".join(sys.argv[1:])
    check = {"worker": is_connected, "watch": has_written}.get(kind, is_ready)
    sys.exit(0 if check() else 1)


def is_ready() -> bool:
    """True if `/ready` reports that the web server and its dependencies are ready."""
    return over_http("127.0.0.1", int(os.environ["PORT"]), host_name(os.environ), path="/ready", timeout=SECONDS)()


def has_written() -> bool:
    """True if the watch program wrote its status file less than a minute ago."""
    file = Path(os.environ["WATCH_FOLDER"]) / "status.json"
    return file.exists() and time.time() - file.stat().st_mtime < FRESH_SECONDS


def host_name(environment: Mapping[str, str]) -> str:
    return urlsplit(environment.get("PUBLIC_URL", "")).hostname or "127.0.0.1"


def is_connected() -> bool:
    """A worker serves no requests. The check therefore looks at the worker's connections to Kafka and PostgreSQL."""
    kafka = {port_of(f"//{address.strip()}", KAFKA_PORT) for address in os.environ["KAFKA_BOOTSTRAP"].split(",")}
    database = {port_of(os.environ["DATABASE_URL"].replace("{service}", ""), DATABASE_PORT)}
    reached = remote_ports()
    return bool(kafka & reached) and bool(database & reached)


def port_of(address: str, usual: int) -> int:
    return urlsplit(address).port or usual


def remote_ports(folder: Path = Path("/proc/net")) -> set[int]:
    # a kernel without IPv6 has no file tcp6
    files = [file for name in ("tcp", "tcp6") if (file := folder / name).exists()]
    rows = [line.split() for file in files for line in file.read_text("ascii").splitlines()]
    return {int(row[2].rpartition(":")[2], 16) for row in rows if row[3] == ESTABLISHED}


if __name__ == "__main__":
    main()
