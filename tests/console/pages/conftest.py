"""Fixtures with a whole installation, and with people who use it in browsers."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from sqlalchemy import delete

from deploy.local.process import wait_until
from services.alerts.config import AlertsSettings
from services.alerts.models import ReceiverRow
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver
from services.console.config import ConsoleSettings
from services.console.models import BoardGroup, BoardHazard
from shared.auth.tokens import Role
from shared.postgres import database
from tests import gazetteers
from tests.browsers import ALLOWS_SOUND, chromium
from tests.console.conftest import PASSWORD, Served
from tests.console.factories import KADAMJAI
from tests.console.pages.contexts import Contexts
from tests.installation import WEB, Installation, in_thread
from tests.packages import shared_installation

__all__ = ["shared_installation"]


UNREAD = {"advanced_at": None, "next": 0, "end": None}
# The paths of the services' ledgers, in the order in which the services read a report.
LEDGERS = {
    "intake": "/intake/v1/ledger/consumer",
    "registry": "/registry/v1/ledger",
    "alerts": "/alerts/v1/ledger",
    "console": "/console/v1/ledger",
}


class Whole(Served):
    """All four services in one web process with a gazetteer, and one worker per service."""

    def __init__(self, installation: Installation) -> None:
        services = ("alerts", "console", "registry", "intake")
        workers = [installation.start(service, "worker") for service in services]
        bundle = gazetteers.imported(installation.folder)
        web = installation.web("tests.kept_files", WEB, env={"PLACES_PATH": str(bundle)})
        super().__init__(installation, web, *workers)
        assert wait_until(self.is_working, timeout=120)

    def is_working(self) -> bool:
        return all(each["advanced_at"] for service in LEDGERS for each in self.partitions(service))

    def has_read_everything(self) -> bool:
        return all(self.has_read(service) and in_thread(self._has_published(service)) for service in LEDGERS)

    def has_read(self, service: str) -> bool:
        return all(each["next"] == each["end"] for each in self.partitions(service))

    def partitions(self, service: str) -> list[dict[str, Any]]:
        # the answer 503 of a service without the list of revocations has no `partitions`
        partitions: list[dict[str, Any]] = self.reader.get(LEDGERS[service]).json().get("partitions", [UNREAD])
        return partitions

    async def _has_published(self, service: str) -> bool:
        connection = await self.installation.components.server.connect(self.installation.database)
        try:
            return not await connection.fetchval(f"SELECT EXISTS (SELECT FROM {service}.outbox)")
        finally:
            await connection.close()

    @cached_property
    def reader(self) -> httpx.Client:
        bearer = {"authorization": f"Bearer {self.installation.token(roles=[Role.OPERATOR])}"}
        return self.client(headers=bearer, limits=httpx.Limits(keepalive_expiry=1))

    @cached_property
    def integration(self) -> httpx.Client:
        """All hazards are reported by one client, because some tests report a hundred hazards.

        The client closes idle connections earlier than the server does.
        """
        return self.client(limits=httpx.Limits(keepalive_expiry=1))

    def report_hazard(self, **changed: Any) -> str:
        report_id = str(uuid4())
        now = datetime.now(UTC).isoformat()
        body = {
            "report_id": report_id,
            "source": "cmc",
            "source_id": report_id,
            "type": "mudflow",
            "severity": "Severe",
            "urgency": "Immediate",
            "certainty": "Observed",
            "area": {"pcodes": [KADAMJAI]},
            "onset": now,
            "reported_at": now,
        }
        bearer = {"authorization": f"Bearer {self.installation.token(roles=[Role.OPERATOR], sources=['cmc'])}"}
        answer = self.integration.post("/intake/v1/hazards", json=body | changed, headers=bearer)
        assert answer.status_code == 202, answer.text
        return report_id

    def close_alerts(self) -> None:
        """Closes every alert, so that no old alert rings or escalates."""
        bearer = {"authorization": f"Bearer {self.installation.token(roles=[Role.OPERATOR])}"}
        client = self.client(headers=bearer)
        unclosed = "/alerts/v1/alerts?state=open&state=acknowledged&limit=200"
        while alerts := client.get(unclosed).json()["alerts"]:
            for alert in alerts:
                path = f"/alerts/v1/alerts/{alert['alert_id']}/resolution"
                answer = client.put(path, json={"verdict": "confirmed"})
                # a closed alert answers 409
                assert answer.status_code in (200, 409), answer.text

    def refuse_held_reports(self) -> None:
        """Refuses every held report by itself, and waits until no report is held.

        A refusal of several reports at once would leave out reports that wait for other reports.
        """
        bearer = {"authorization": f"Bearer {self.installation.token(roles=[Role.REGISTRAR])}"}
        client = self.client(headers=bearer)

        def is_none_left() -> bool:
            held = client.get("/registry/v1/held?limit=200").json()["reports"]
            if not held:
                return True
            for report in held:
                refused = {"outcome_ids": [report["outcome_id"]], "is_accepted": False, "refusal": "practice"}
                answer = client.post("/registry/v1/held:decide", json=refused)
                assert answer.status_code == 200, answer.text
            return False

        assert wait_until(is_none_left, timeout=60, every=0.2)

    def clear_hazards(self) -> None:
        """Deletes all hazards from the board.

        The board shows only a hundred hazards. If old hazards stayed, a test's own hazard could be missing among the
        hundred.
        """
        in_thread(self._clear(BoardHazard))

    def clear_groups(self) -> None:
        """Deletes all counted groups from the board.

        The board shows the sum of all groups, which would include the groups of earlier tests.
        """
        in_thread(self._clear(BoardGroup))

    def replace_receivers(self, *receivers: Receiver) -> None:
        in_thread(self._replace_receivers(receivers))

    async def _replace_receivers(self, receivers: Sequence[Receiver]) -> None:
        engine = database.engine(self.installation.settings(AlertsSettings))
        async with database.sessions(engine).begin() as session:
            await session.execute(delete(ReceiverRow))
            for receiver in receivers:
                await receiver_queries.save_receiver(session, receiver)
        await engine.dispose()

    async def _clear(self, model: type[BoardGroup] | type[BoardHazard]) -> None:
        engine = database.engine(self.installation.settings(ConsoleSettings))
        async with database.sessions(engine).begin() as session:
            await session.execute(delete(model))
        await engine.dispose()


@pytest.fixture(scope="package")
def whole(shared_installation: Installation) -> Iterator[Whole]:
    running = Whole(shared_installation)
    yield running
    running.stop()


@pytest.fixture(scope="module", autouse=True)
def cleared(whole: Whole) -> None:
    """Removes the alerts, hazards and groups of earlier test files.

    First, the services read all reports of the earlier files. A late report would otherwise appear while a later test
    counts rows. An alert of an earlier file, once acknowledged, could ring again during a later test.
    """
    assert wait_until(whole.has_read_everything, timeout=60)
    whole.close_alerts()
    whole.clear_hazards()
    whole.clear_groups()


@pytest.fixture(scope="module")
def no_held_reports(whole: Whole) -> None:
    whole.refuse_held_reports()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser in which pages play sound before the first click, because `Seat.open` never clicks."""
    with chromium(ALLOWS_SOUND) as launched:
        yield launched


class Seat:
    """One person with a browser. The person has a new account with the given roles, or the existing account `name`."""

    def __init__(self, whole: Whole, context: BrowserContext, *roles: Role, name: str = "", **size: int) -> None:
        self.whole = whole
        self.name = name or whole.account(*roles)
        self.errors: list[str] = []
        self.context = context
        self.page: Page = self.context.new_page()
        if size:
            self.page.set_viewport_size({"width": size["width"], "height": size["height"]})
        self.page.on("console", self.note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def open(self, path: str) -> Page:
        self.sign_in()
        self.page.goto(f"{self.whole.url}{path}")
        self.page.wait_for_url(f"{self.whole.url}{path}")
        return self.page

    def sign_in(self) -> None:
        """Signs in by a request instead of the page: hundreds of sign-ins on the page would take a minute."""
        answer = self.context.request.post(
            f"{self.whole.url}/sign-in",
            form={"name": self.name, "password": PASSWORD},
            headers={"sec-fetch-site": "same-origin"},
            max_redirects=0,
        )
        assert answer.status == 303, answer.text()


@pytest.fixture(scope="package")
def contexts(whole: Whole) -> Contexts:
    return Contexts(whole.url)


@pytest.fixture
def seat(whole: Whole, browser: Browser, contexts: Contexts, fresh_attempts: None) -> Iterator[Any]:
    seats: list[tuple[Seat, Browser]] = []

    def take(*roles: Role, browser: Browser = browser, **size: Any) -> Seat:
        seat = Seat(whole, contexts.take(browser), *roles, **size)
        seats.append((seat, browser))
        return seat

    yield take
    for seat, used in seats:
        contexts.give_back(seat.context, used)


def wait_for_words(page: Page, url: str, words: str) -> None:
    """Waits until the page contains the words.

    Repeated requests take much less CPU time than repeated loads in the browser.
    """
    assert wait_until(lambda: words in page.request.get(url).text(), timeout=60, every=0.2), (url, words)


def newest_alert(page: Page, headline: str) -> Any:
    """Returns the newest alert on the board with exactly this name.

    The locator does not match an exposure alert about the same hazard, because the name of an exposure alert also has a
    number of persons.
    """
    name = page.locator(".alert-name", has_text=re.compile(rf"^\s*{re.escape(headline)}\s*$"))
    return page.locator(".alert", has=name).first
