"""Whether this container does its work: `python -m deploy.containers.health [worker]`, for its health check."""

import http.client
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

ESTABLISHED = "01"
SECONDS = 4


def main() -> None:
    is_well = is_connected() if sys.argv[1:] == ["worker"] else is_ready()
    sys.exit(0 if is_well else 1)


def is_ready() -> bool:
    """What the web side says of itself and of the parts it needs."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=SECONDS)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False


def is_connected() -> bool:
    """A worker has nothing to ask: it is well while it is connected to Kafka and to PostgreSQL."""
    kafka = {int(address.rpartition(":")[2]) for address in os.environ["KAFKA_BOOTSTRAP"].split(",")}
    database = {urlsplit(os.environ["DATABASE_URL"].replace("{service}", "")).port}
    reached = remote_ports()
    return bool(kafka & reached) and bool(database & reached)


def remote_ports() -> set[int]:
    rows = [
        line.split() for file in ("tcp", "tcp6") for line in Path("/proc/net", file).read_text("ascii").splitlines()
    ]
    return {int(row[2].rpartition(":")[2], 16) for row in rows if row[3] == ESTABLISHED}


if __name__ == "__main__":
    main()
