"""Where things live on this machine when nobody says otherwise."""

import hashlib
import os
import random
import socket
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LOWEST_PORT, HIGHEST_PORT = 20_000, 32_000  # below what the system gives to outgoing connections


def shared_home() -> Path:
    """As root: a folder that PostgreSQL's user can reach wherever the checkout is."""
    return Path("/var/lib/dayar") / hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:12]


def states() -> Path:
    return shared_home() if os.geteuid() == 0 else ROOT / ".state"


def cache() -> Path:
    """Outlives states and checkouts: what was fetched once. As root: where Kafka's user may read it."""
    if os.geteuid() == 0 and "XDG_CACHE_HOME" not in os.environ:
        return Path("/var/cache/dayar")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dayar"


def make_passable(folder: Path) -> None:
    """Closed to others; as root they may pass through, as PostgreSQL's user has its folder below."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    for each in reversed((folder, *folder.parents)):
        if not each.exists():
            each.mkdir(exist_ok=True)
            each.chmod(mode)


def wheel(package: str) -> Path:
    """A package's folder, without importing it: some do more at import than we want."""
    return Path(str(distribution(package.replace("_", "-")).locate_file(package)))


def free_port() -> int:
    while True:
        port = random.randint(LOWEST_PORT, HIGHEST_PORT)  # noqa: S311 - not a secret
        if is_free(port):
            return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a listener that just ended does not count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
