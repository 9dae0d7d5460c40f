"""Plays one evening of an exercise: the scenario of `dayar demo play`, more hazards, and the people's actions.

All persons are invented. The scenario's persons are invented too. Seeds decide the reports, so that every run has equal
reports.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from cli import demo, scenario
from deploy.local.process import wait_until
from services.alerts.config import AlertsSettings
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import rosters as roster_queries
from services.alerts.queries import silences as silence_queries
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.receivers.trials import receiver_id
from services.alerts.rosters.rosters import Roster, roster_id
from services.alerts.silences.silences import Silence
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel, Severity, Status
from shared.postgres import database
from tests.console.conftest import PASSWORD
from tests.console.pages.conftest import Whole
from tests.console.pages.waiting import send_with_ended_sign_in
from tests.installation import in_thread
from tests.screenshots.hazards import HAZARDS

NAMES = {
    Role.OPERATOR: "operator-1",
    Role.DUTY_HEAD: "duty-head-1",
    Role.REGISTRAR: "registrar-1",
    Role.ANALYST: "analyst-1",
    Role.ADMINISTRATOR: "admin-1",
    Role.AUDITOR: "auditor-1",
    Role.VIEWER: "wall-1",
    Role.FIELD: "field-1",
}
SECOND_OPERATOR = "operator-2"
ACTED_ON = {"avalanche", "landslide", "snowstorm", "strong_wind", "river_flood"}
ROSTER, POST = "ЦУКС", "Дежурная часть ЦУКС"
# the names of the accounts of the roster's people
PEOPLE = {"Мисалбеков Санжар": NAMES[Role.OPERATOR], "Үлгүбекова Айгүл": SECOND_OPERATOR, "Сынаков Нурлан": ""}
EXERCISE = frozenset({Status.EXERCISE})
EARLIER_HOUSEHOLDS, EARLIER_DAYS = 30, 300
HELD = 3
DUTY_NUMBERS = (
    ("Кадамжай", "fire", "Пожарная часть № 11", "101"),
    ("Кадамжай", "ambulance", "Скорая помощь", "103"),
    ("Баткен", "roads", "ДЭП-25", "+996 3622 50000"),
)


class Evening:
    """The played evening.

    Addresses of pages contain names in braces. `addresses` maps the names in braces to values.
    """

    def __init__(self, whole: Whole) -> None:
        self.whole = whole
        self.now = datetime.now(UTC).replace(microsecond=0)
        team = uuid4()
        for role, name in NAMES.items():
            whole.account(role, name=name, team=team if role is Role.FIELD else None)
        whole.account(Role.OPERATOR, name=SECOND_OPERATOR)
        self._silence = silence(self.now)
        in_thread(self._store(list(self._receivers())))
        self._household = scenario.household(self.now, "evening", 4, random.Random(3))
        self._group = scenario.group(self.now, "evening") | {"persons": 165}
        for body in (self._household, self._group):
            del body["hazard_id"]
        self._desk = self.signed_in(NAMES[Role.OPERATOR])
        self._play()
        self.addresses = self._addresses()
        self._act()

    def signed_in(self, name: str) -> httpx.Client:
        client = self.whole.client()
        answer = client.post("/sign-in", data={"name": name, "password": PASSWORD})
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
        return client

    def _play(self) -> None:
        chance = random.Random(4)
        demo.play(
            self.whole.url,
            dict.fromkeys(demo.ACCOUNTS.values(), PASSWORD),
            seconds=0.0,
            tell=lambda _step, _answer: None,
        )
        for number, (minutes, hazard) in enumerate(HAZARDS):
            body = scenario.hazard(self.now - timedelta(minutes=minutes), f"evening-{number}", **hazard)
            send(self._desk, "/intake/v1/hazards", body)
        for body in earlier_households(self.now):
            send(self._desk, "/intake/v1/displacements", body)
        for body in (self._household, self._group):
            send(self._desk, "/intake/v1/displacements", body)
        held = [scenario.household(self.now, "evening", number, chance) for number in range(HELD)]
        send_with_ended_sign_in(self.whole, *held)
        assert wait_until(lambda: self.alerts().keys() >= ACTED_ON, timeout=60), self.alerts()

    def alerts(self) -> dict[str, dict[str, Any]]:
        answer = self._desk.get("/alerts/v1/alerts?limit=200").json()["alerts"]
        return {alert["hazard_type"]: alert for alert in answer if alert["rule"] == "severity"}

    def _act(self) -> None:
        second = self.signed_in(SECOND_OPERATOR)
        self._put(self._desk, "landslide", "acknowledgement")
        self._post("landslide", "comments", {"text": "Глава айыл окмоту на месте, 12 домов осмотрены."})
        self._put(self._desk, "landslide", "progress")
        self._put(second, "snowstorm", "acknowledgement")
        self._put(second, "strong_wind", "acknowledgement")
        self._put(second, "snowstorm", "snooze", {"minutes": 45, "reason": "Ждём сводку гидрометцентра"})
        self._put(second, "river_flood", "resolution", {"verdict": "false_alarm", "note": "Пост: вода в берегах"})
        for unit, service, post, phone in DUTY_NUMBERS:
            fields = {"unit": unit, "service": service, "post": post, "telephone": phone}
            self.signed_in(NAMES[Role.DUTY_HEAD]).post("/alerts/duty-numbers/new", data=fields)

    def _put(self, desk: httpx.Client, kind: str, act: str, body: dict[str, Any] | None = None) -> None:
        alert_id = self.alerts()[kind]["alert_id"]
        answer = desk.put(f"/alerts/v1/alerts/{alert_id}/{act}", json=body)
        assert answer.is_success, answer.text

    def _post(self, kind: str, act: str, body: dict[str, Any]) -> None:
        alert_id = self.alerts()[kind]["alert_id"]
        answer = self._desk.post(f"/alerts/v1/alerts/{alert_id}/{act}", json=body)
        assert answer.is_success, answer.text

    def _addresses(self) -> dict[str, str]:
        alert = self.alerts()["avalanche"]
        return {
            "alert": alert["alert_id"],
            "hazard": alert["hazard_id"],
            "area": scenario.KADAMJAI,
            "household": self._household["household_id"],
            "group": self._group["group_id"],
            "site": str(scenario.SITE_ID),
            "roster": str(roster_id(ROSTER)),
            "receiver": str(receiver_id(POST)),
            "silence": str(self._silence.silence_id),
            "account": str(self.whole.known(SECOND_OPERATOR).account_id),
        }

    async def _store(self, receivers: list[Receiver]) -> None:
        engine = database.engine(self.whole.installation.settings(AlertsSettings))
        async with database.sessions(engine).begin() as session:
            for receiver in receivers:
                await receiver_queries.save_receiver(session, receiver)
            await roster_queries.save(session, roster(self.now))
            await silence_queries.add(session, self._silence)
        await engine.dispose()

    def _receivers(self) -> Iterator[Receiver]:
        internal: dict[str, Any] = {"statuses": EXERCISE, "is_internal": True, "language": "ru", "organisation": "МЧС"}
        yield Receiver(POST, DeliveryChannel.EMAIL, "duty@mes.example", roster=ROSTER, **internal)
        for person, name in PEOPLE.items():
            own: dict[str, Any] = {"account_id": self.whole.known(name).account_id} if name else {}
            own |= {"kind": ReceiverKind.PERSON, "post": "оперативный дежурный", "step": 1, "floor": Severity.SEVERE}
            address = f"{name or 'person'}@mes.example"
            yield Receiver(person, DeliveryChannel.EMAIL, address, roster=ROSTER, **own, **internal)
        head: dict[str, Any] = {"step": 2, "is_duty_head": True}
        yield Receiver("Начальник смены", DeliveryChannel.EMAIL, "head@mes.example", **head, **internal)


def send(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    answer = client.post(path, json=body)
    assert answer.is_success, answer.text


def earlier_households(now: datetime) -> Iterator[dict[str, Any]]:
    chance = random.Random(2)
    for number in range(EARLIER_HOUSEHOLDS):
        left = now - timedelta(days=EARLIER_DAYS * number / EARLIER_HOUSEHOLDS + 2)
        body = scenario.household(now, "earlier", number, chance)
        del body["hazard_id"]
        yield body | {"occurred_at": scenario.instant(left), "hazard_type": chance.choice(("mudflow", "landslide"))}


def roster(now: datetime) -> Roster:
    start = (now - timedelta(days=30)).date().isoformat()
    layer = {"name": "сутки", "people": list(PEOPLE), "start": start, "handover": "08:00", "shift_days": 1}
    return Roster.model_validate({"name": ROSTER, "layers": [layer]})


def silence(now: datetime) -> Silence:
    until, reason = now + timedelta(hours=6), "проверка датчиков на плотине"
    return Silence(uuid4(), ("KG04220000000",), (), False, uuid4(), NAMES[Role.DUTY_HEAD], reason, now, now, until)
