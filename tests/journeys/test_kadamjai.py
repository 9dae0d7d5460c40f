"""A mudflow in Kadamjai is played from the first call to the last return. The six sites have 3,000 people.

The reports of five past days are sent within seconds. `tests/journeys/mudflow.py` describes what happens on each day.
The comments of `DAYS` show how the expected figures are computed. A family has five persons.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import httpx

from deploy.local.process import wait_until
from services.alerts.config import AlertsSettings
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver
from shared.auth.tokens import Role
from shared.country import TIME_ZONE
from shared.events.vocabulary import DeliveryChannel
from shared.postgres import database
from tests.console.conftest import Served
from tests.installation import in_thread
from tests.journeys.mudflow import BATKEN, KADAMJAI, LEILEK, Mudflow, Report, site_bodies

Numbers = tuple[int, ...]
PANEL = re.compile(r'class="count">([\d,]+)</span>\s*<span class="muted">([\d,]+) persons?<')
GROUPS = re.compile(r'Counted groups <span class="count">([\d,]+) persons?')


@dataclass(frozen=True)
class Day:
    """The figures at the end of a day. Group counts are never added to registered people.

    `alerted`: after each batch, the figures of the alert: all persons, registered persons, counted persons. For
    each site, the alert takes the larger number: registered or counted persons. The registry publishes a site's
    registered families only in multiples of five (docs/decisions/0068). Families above a multiple of five are added
    only if they cannot be among the counted people.
    """

    displaced: dict[str, int]  # registered persons by district
    families: int
    in_groups: int
    # The people at each of the sites A to F. Of two numbers, a site shows the larger: the counted people after later
    # movements, and the registered persons there (docs/decisions/0079). No count here includes everybody at a site.
    occupancy: Numbers
    flow: Numbers  # the families and persons displaced since day 1; a second displacement counts again
    alerted: Sequence[Numbers] = ()
    evacuated: int = 0  # the evacuated persons among the displaced
    returned: Numbers = (0, 0)  # registered persons, and people of groups
    settled: Numbers = (0, 0)
    # families and persons without a confirmation for 24 hours, and families and persons with a presumed return
    confirmation: Numbers = (0, 0, 0, 0)
    moved: Mapping[str, Numbers] = field(default_factory=dict)  # families, persons, and people of groups since day 1


MOVED_ON_DAY_3: Mapping[str, Numbers] = {
    "transferred": (20, 100, 80),  # 20 families, and 80 people of the group, moved from A to C
    "displaced_again": (8, 40, 35),  # 8 families, and 35 people of the group, fled from E to Leilek
    "died": (3, 3, 0),  # at B, one person died in each of 3 families
    "left_country": (4, 20, 25),  # 4 families, and 25 people of the group, left from D
}
DAYS = (
    Day(
        # families at A, B, C and D: 100 + 80 + 140 + 60 = 380, which are 1,900 persons
        displaced={KADAMJAI: 1_900},
        families=380,
        # registered persons: A 500, B 400, C 700, D 300; at A, a full recount (480) replaced the first call (60)
        occupancy=(500, 420, 700, 300, 0, 0),
        in_groups=1_850,  # counted people at A, B, C and D: 480 + 420 + 650 + 300
        flow=(380, 1_900),
        # First, a caller counts 60 at A. Then the families at D add 60 * 5 = 300, and those at B add 80 * 5 = 400.
        # Finally, each site counts with its larger number: A 500 > 480, B 420 > 400, C 700 > 650, D 300.
        alerted=[(60, 0, 60), (360, 300, 60), (760, 700, 60), (1_920, 1_900, 1_850)],
    ),
    Day(
        # new families at E and F: 120 + 100 = 220, which are 1,100 persons; all families: 380 + 220 = 600
        displaced={KADAMJAI: 1_900, BATKEN: 1_100},
        families=600,
        # E has 600 registered and 600 counted persons. F has 500 registered and 520 counted persons: 520 is larger.
        occupancy=(500, 420, 700, 300, 600, 520),
        in_groups=2_970,  # 1,850 on day 1, and 600 + 520 at E and F
        flow=(600, 3_000),
        evacuated=1_100,
        # Kadamjai still has 1,920. E has 120 * 5 = 600 registered and 600 counted persons. F has 520 counted > 500.
        alerted=[(3_040, 3_000, 2_970)],
    ),
    Day(
        # Kadamjai 1,900 - 3 dead - 20 abroad = 1,877; Batken 1,100 - 40 = 1,060; Leilek 8 * 5 = 40; together 2,977
        displaced={KADAMJAI: 1_877, BATKEN: 1_060, LEILEK: 40},
        families=596,  # 4 of the 600 families are abroad
        # A: 400 registered > 480 - 100; B: 420 - 3 dead > 397 registered; C: 800 registered > 650 + 100; D: 280
        # registered > 300 - 25; E: 600 - 40 registered persons (or 35 of the group)
        occupancy=(400, 417, 800, 280, 560, 520),
        in_groups=2_945,  # 2,970 - 25 people abroad; 35 people in Leilek are still displaced
        flow=(608, 3_040),  # 600 families; 8 of these families count twice, because they were displaced again
        evacuated=1_100,  # 560 evacuated persons are at E, 500 at F, and 40 in Leilek
        # the last reports about 112 families at E and 100 families at F came on day 2
        confirmation=(212, 1_060, 0, 0),
        moved=MOVED_ON_DAY_3,
        # The alert counts 1,895 people in Kadamjai: 400 at A, 160 * 5 = 800 > 730 at C, 55 * 5 = 275 at D, and 420
        # counted > 400 - 3 at B. One more family at D is not added: its 5 persons may be among the people counted at B.
        # E has 565 counted > 560, and F has 520 counted > 500. Leilek has 40 registered persons. Its 35 counted people
        # left Batken.
        alerted=[(3_020, 2_977, 2_910)],
    ),
    Day(
        # D had 60 - 4 = 56 families. All 280 persons of the 56 families return. From B, 30 families of 150 persons
        # return without their 3 dead, so 147 persons return. Kadamjai then has 1,877 - 280 - 147 = 1,450; all districts
        # have 2,550.
        displaced={KADAMJAI: 1_450, BATKEN: 1_060, LEILEK: 40},
        families=510,  # 596 - 56 families that returned from D - 30 families that returned from B
        # 150 of the 420 counted people are no longer at B (147 left, and 3 died); all 275 left D
        occupancy=(400, 270, 800, 0, 560, 520),
        in_groups=2_520,  # 2,945 - 275 people that returned from D - 150 people that returned from B
        flow=(608, 3_040),
        evacuated=1_100,  # the people at F have not returned, although their evacuation was lifted
        returned=(427, 425),  # 280 + 147 registered people and 275 + 150 counted people returned
        # not confirmed: 112 families at E, 100 at F, 8 in Leilek; presumed to have returned: the 100 families at F
        confirmation=(220, 1_100, 100, 500),
        moved={**MOVED_ON_DAY_3, "returned": (86, 427, 425)},  # 56 + 30 families
        # A 400, B 270 counted > 250, C 800; E 565 and F 520 counted; Leilek 40
        alerted=[(2_595, 2_550, 2_485)],
    ),
    Day(
        displaced={},
        families=0,
        occupancy=(0, 0, 0, 0, 0, 0),
        in_groups=0,
        flow=(608, 3_040),
        # Families (and persons) that return on day 5: A 80 (400), B 50 (250), C 160 (800), E 100 (500), F 100 (500) and
        # Leilek 8 (40), together 498 (2,490). People of groups: A 400, B 270, C 730, E 500, F 520 and Leilek 35,
        # together 2,455.
        returned=(2_917, 2_880),  # until day 4: 427 and 425 persons; on day 5: 2,490 and 2,455
        settled=(60, 65),  # 12 families from E, and 65 people of the group, settled in Osh city
        moved={
            **MOVED_ON_DAY_3,
            # 86 + 498 = 584 families; 584 + 12 settled + 4 abroad = 600
            "returned": (584, 2_917, 2_880),
            "settled_elsewhere": (12, 60, 65),
        },
    ),
)
# Each of the alert's first five figures passes one threshold: 50, 200, 500, 1,000 and 3,000 persons.
NOTIFIED = ["raised", "grown", "grown", "grown", "grown"]


@dataclass(frozen=True)
class Desk:
    client: httpx.Client
    mudflow: Mudflow

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def of_date(self, day: int) -> dict[str, Any]:
        """Returns all figures of a past or present day.

        Later reports about later days must not change these figures.
        """
        at = f"date={self.mudflow.date_of(day)}"
        displaced, evacuated, returned, settled = (
            self.get(f"/registry/v1/statistics/stock?{at}&{chosen}")
            for chosen in ("", "mobility=evacuation", "sub_stock=in_return", "sub_stock=in_settlement")
        )
        by_district = Counter[str]()
        for row in displaced["rows"]:
            by_district[row["pcode"]] += row["persons"]
        confirmation = self.get(f"/registry/v1/statistics/duration?{at}")["confirmation"]
        names = ("unconfirmed_households", "unconfirmed_persons", "presumed_households", "presumed_persons")
        return {
            "displaced": {pcode: persons for pcode, persons in by_district.items() if persons},
            "families": displaced["total"]["households"],
            "in_groups": displaced["total"]["group_persons"],
            "evacuated": evacuated["total"]["persons"],
            "returned": (returned["total"]["persons"], returned["total"]["group_persons"]),
            "settled": (settled["total"]["persons"], settled["total"]["group_persons"]),
            "confirmation": tuple(confirmation[name] for name in names),
        }

    def occupancy(self) -> Numbers:
        known = self.get("/registry/v1/occupancies")["occupancies"]
        at_sites = (known[site_id] for site_id in self.mudflow.sites.values())
        return tuple(site["highest"] if site else 0 for site in at_sites)

    def flow(self) -> Numbers:
        total = self.get("/registry/v1/statistics/flows")["total"]
        return total["households"], total["persons"]

    def moved(self) -> dict[str, Numbers]:
        moved: dict[str, Numbers] = {}
        for row in self.get("/registry/v1/statistics/movements")["rows"]:
            numbers = row["households"], row["persons"], row["group_persons"]
            moved[row["movement"]] = tuple(map(sum, zip(moved.get(row["movement"], (0, 0, 0)), numbers, strict=True)))
        return moved

    def board(self) -> Numbers:
        page = self.client.get("/board/households?lang=en").text
        panel, groups = PANEL.search(page), GROUPS.search(page)
        assert panel, page
        return tuple(int(number.replace(",", "")) for number in (*panel.groups(), groups[1] if groups else "0"))

    def alert(self) -> dict[str, Any]:
        """Returns the only alert, or an empty dict before the alert is raised."""
        alerts = self.get("/alerts/v1/alerts")["alerts"]
        assert [alert["rule"] for alert in alerts] in ([], ["displacement"])
        return dict(alerts[0]) if alerts else {}

    def alerted(self) -> Numbers:
        figures = self.alert().get("figures", {})
        return tuple(figures.get(name, 0) for name in ("persons", "registered_persons", "counted_persons"))

    def notified(self) -> list[str]:
        deliveries = self.get(f"/alerts/v1/alerts/{self.alert()['alert_id']}")["deliveries"]
        return [delivery["cause"] for delivery in sorted(deliveries, key=lambda delivery: delivery["step"])]


async def save_duty_post(settings: AlertsSettings) -> None:
    """No server listens at the post's address: the tests only read the list of deliveries."""
    engine = database.engine(settings)
    async with database.sessions(engine).begin() as session:
        post = Receiver("duty", DeliveryChannel.WEBHOOK, "https://duty.invalid/hook")
        await receiver_queries.save_receiver(session, post)
    await engine.dispose()


def client(centre: Served, role: Role, **claims: Any) -> httpx.Client:
    token = centre.installation.token(roles=[role], **claims)
    return centre.client(headers={"authorization": f"Bearer {token}"})


def send(field_team: httpx.Client, reports: Sequence[Report]) -> None:
    answer = field_team.post("/intake/v1/reports:batch", json=reports)
    assert answer.status_code == 200, answer.text
    assert Counter(result["status"] for result in answer.json()["results"]) == {"accepted": len(reports)}


def becomes(read: Callable[[], Any], expected: Any) -> None:
    assert wait_until(lambda: read() == expected, timeout=60, every=0.1), (read(), expected)


def of_date(day: Day) -> dict[str, Any]:
    names = ("displaced", "families", "in_groups", "evacuated", "returned", "settled", "confirmation")
    return {name: getattr(day, name) for name in names}


def test_a_mudflow_from_the_first_call_to_the_last_return(centre: Served) -> None:
    mudflow = Mudflow(first=datetime.now(TIME_ZONE).date() - timedelta(days=len(DAYS)))
    in_thread(save_duty_post(centre.installation.settings(AlertsSettings)))
    field_team, desk = client(centre, Role.FIELD, team=uuid4()), Desk(client(centre, Role.OPERATOR), mudflow)
    for site_id, body in site_bodies(mudflow):
        assert desk.client.put(f"/registry/v1/sites/{site_id}", json=body).status_code == 200

    steps = 0
    for number, (day, batches) in enumerate(zip(DAYS, mudflow.days, strict=True), 1):
        for batch, alerted in zip(batches, day.alerted or [()], strict=True):
            send(field_team, batch)
            if alerted:
                becomes(desk.alerted, alerted)
                steps = min(steps + 1, len(NOTIFIED))
                becomes(desk.notified, NOTIFIED[:steps])
        becomes(partial(desk.of_date, number), of_date(day))
        becomes(desk.board, (day.families, sum(day.displaced.values()), day.in_groups))
        becomes(desk.occupancy, day.occupancy)
        becomes(desk.flow, day.flow)
        becomes(desk.moved, day.moved)

    # the alert is downgraded because nobody is displaced any more
    becomes(lambda: desk.alert()["validity"], "downgraded")
    becomes(desk.notified, [*NOTIFIED, "lapsed"])
    assert [desk.of_date(number) for number in range(1, 6)] == [of_date(day) for day in DAYS]
    assert client(centre, Role.REGISTRAR).get("/registry/v1/held").json()["reports"] == []
