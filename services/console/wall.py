"""The wall screen: its unanswered alerts, and the edition of its files."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import board
from services.console.models import BoardAlert
from services.console.queries import board_alerts
from services.console.sections import UNACKNOWLEDGED, Section
from services.console.state import HERE, console
from shared.auth import tokens
from shared.events.vocabulary import Demand
from shared.pages.pages import HERE as PAGES

MOST = 200  # nobody could read more alerts on a wall screen
FOLDERS = tuple(folder / kind for folder in (HERE, PAGES) for kind in ("static", "templates"))


@dataclass(frozen=True, slots=True)
class UnansweredAlerts:
    """Alerts without an acknowledgement, and acknowledged alerts on which nobody has acted."""

    alerts: Sequence[BoardAlert]
    counts: Counter[str]

    @property
    def hidden(self) -> int:
        return self.counts.total() - len(self.alerts)

    @property
    def has_acknowledged(self) -> bool:
        return any(alert.demand == Demand.ACTION for alert in self.alerts)


async def unanswered(request: Request, session: AsyncSession) -> dict[str, Any]:
    """Returns the unanswered alerts, those without an acknowledgement first.

    The result contains all alerts that ring on the screen.
    """
    now, here = datetime.now(UTC), console(request)
    pcodes = board.concerning(tokens.current(request), here.places)
    sections = await board_alerts.sections(session, now, pcodes, MOST, wanted=UNACKNOWLEDGED)
    acknowledged = await board_alerts.sections(
        session, now, pcodes, MOST, BoardAlert.demand == Demand.ACTION, wanted=(Section.ACKNOWLEDGED,)
    )
    listed = [*sections.values(), *acknowledged.values()]
    alerts = [alert for section in listed for alert in section.alerts][:MOST]
    counts = sum((section.counts for section in listed), Counter[str]())
    return {"unanswered": UnansweredAlerts(alerts, counts), "now": now, "edition": here.edition}


def edition() -> str:
    """Returns a digest of the page's files.

    After a change of the digest, a wall screen reloads, and a board shows a notice.
    """
    digest = blake2b(digest_size=8)
    for file in _files():
        digest.update(f"{file.name} {file.stat().st_size} ".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    return (file for folder in FOLDERS for file in sorted(folder.rglob("*")) if file.is_file())
