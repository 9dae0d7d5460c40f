"""The default folders and ports on this machine."""

import hashlib
import os
import random
import socket
from importlib.metadata import distribution
from pathlib import Path

# Each checkout has one folder here, for copies of programs and for root's state folders.
HOMES = Path("/var/lib/dayar")
ROOT = Path(__file__).resolve().parent.parent.parent
LOWEST_PORT, HIGHEST_PORT = 20_000, 32_000  # Linux takes the ports of outgoing connections from above this range.
_given: set[int] = set()  # `free_port` has returned these ports.


def shared_home() -> Path:
    """PostgreSQL's user may not enter root's checkout, so root's state and copies of programs are in this folder."""
    return HOMES / hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:12]


def states() -> Path:
    return shared_home() if os.geteuid() == 0 else ROOT / ".state"


def cache() -> Path:
    """All installations share the downloads in this cache.

    If root downloaded a file, Kafka's user can read the file.
    """
    if os.geteuid() == 0 and "XDG_CACHE_HOME" not in os.environ:
        return Path("/var/cache/dayar")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dayar"


def earlier_cache() -> Path | None:
    """For root, earlier releases of Dayar used this cache."""
    return Path.home() / ".cache" / "dayar" if os.geteuid() == 0 else None


def make_passable(folder: Path) -> None:
    """Only the owner can list the folder. If root makes the folder, all other users can enter it."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    for path in reversed((folder, *folder.parents)):
        if not path.exists():
            path.mkdir(exist_ok=True)
            path.chmod(mode)


def wheel(package: str) -> Path:
    """Does not import the package, because an import may have side effects."""
    return Path(str(distribution(package.replace("_", "-")).locate_file(package)))


def free_port() -> int:
    """Never returns a port twice, because the program that got the port may not listen yet."""
    while True:
        port = random.randint(LOWEST_PORT, HIGHEST_PORT)  # noqa: S311 - not a secret
        if port not in _given and is_free(port):
            _given.add(port)
            return port


def lowest_unprivileged_port() -> int:
    return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text(encoding="ascii"))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # A port counts as free even if connections of its closed listener are in TIME_WAIT.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
