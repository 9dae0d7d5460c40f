"""Which installation a command speaks to: the environment's, else the one that `make run` keeps on this machine."""

import os
from pathlib import Path

from deploy.local import homes
from deploy.local.options import GIVEN


def load() -> None:
    """Fills in what the environment leaves open."""
    if any(name in os.environ for name in GIVEN.values()):
        return
    root = Path(os.environ.get("STATE") or homes.states())
    wanted = ("main",) if os.environ.get("DEMO") == "0" else ("demo", "main")
    for folder in wanted:
        file = root / folder / "environment"
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                name, _, value = line.partition("=")
                os.environ[name] = value
            return
