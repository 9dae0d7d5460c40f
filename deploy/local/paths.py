"""The default folders and ports on this machine."""

import hashlib
import os
import random
import socket
from importlib.metadata import distribution
from pathlib import Path

HOMES = Path("/var/lib/dayar")  # the copies, and the states that root started; one folder per checkout
ROOT = Path(__file__).resolve().parent.parent.parent
LOWEST_PORT, HIGHEST_PORT = 20_000, 32_000  # below the range from which Linux takes ports for outgoing connections


def shared_home() -> Path:
    """The folder that is used when root starts the stack. PostgreSQL's user can reach it, wherever the checkout is."""
    return HOMES / hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:12]


def states() -> Path:
    return shared_home() if os.geteuid() == 0 else ROOT / ".state"


def cache() -> Path:
    """The folder of downloads, shared by all installations. For root it is a folder that Kafka's user can read."""
    if os.geteuid() == 0 and "XDG_CACHE_HOME" not in os.environ:
        return Path("/var/cache/dayar")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dayar"


def earlier_cache() -> Path | None:
    """The folder in which an earlier release kept root's downloads; None for other users."""
    return Path.home() / ".cache" / "dayar" if os.geteuid() == 0 else None


def make_passable(folder: Path) -> None:
    """Create the folder, closed to others. If root creates it, others may pass through it to a folder below."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    for path in reversed((folder, *folder.parents)):
        if not path.exists():
            path.mkdir(exist_ok=True)
            path.chmod(mode)


def wheel(package: str) -> Path:
    """A package's folder, found without importing the package, as an import may have side effects."""
    return Path(str(distribution(package.replace("_", "-")).locate_file(package)))


def free_port() -> int:
    while True:
        port = random.randint(LOWEST_PORT, HIGHEST_PORT)  # noqa: S311 - not a secret
        if is_free(port):
            return port


def lowest_unprivileged_port() -> int:
    return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text(encoding="ascii"))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # ignore connections of a listener that just ended
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
