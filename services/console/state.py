"""The objects that the console's routes share."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from starlette.requests import Request

from services.console.administration.telephones import Telephones
from services.console.config import ConsoleSettings
from services.console.hazards.callers import Callers
from services.console.kept_rows import KeptRows
from services.console.positions import Positions
from services.console.shared_figures import SharedFigures
from services.console.sign_in.attempts import Attempts
from services.console.sign_in.totp import TotpSecrets
from shared.auth.signer import Signer
from shared.pages import Pages
from shared.pages.settlements import SettlementsFile
from shared.places import Places
from shared.places.points import KnownPoints

HERE = Path(__file__).parent
SETTLEMENTS = "/settlements/{version}.json"


@dataclass(frozen=True)
class Console:
    settings: ConsoleSettings
    pages: Pages
    kept_rows: KeptRows
    places: Places
    known_points: KnownPoints
    signer: Signer
    attempts: Attempts
    callers: Callers
    totp: TotpSecrets
    telephones: Telephones
    positions: Positions
    shared_figures: SharedFigures
    settlements: SettlementsFile
    started_at: datetime
    edition: str

    @property
    def settlements_path(self) -> str:
        return SETTLEMENTS.format(version=self.settlements.version)


def console_pages(settings: ConsoleSettings) -> Pages:
    return Pages("console", HERE / "templates", HERE / "locales", settings)


def console(request: Request) -> Console:
    state: Console = request.app.state.console
    return state
