"""Role, area and topic decide which events of the stream a caller sees."""

import dataclasses
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel

from services.console import visibility
from services.console.visibility import TOPICS, NotGranted
from shared.auth.tokens import Principal, Role
from shared.places import Places
from tests.console.factories import BATKEN, KADAMJAI, KARA_SUU, LEILEK, alert, delivery, group, hazard, household

PLACES = Places.load()
ALL, NONE = frozenset(TOPICS), frozenset[str]()


def principal(role: Role, *areas: str, purpose: str | None = None) -> Principal:
    return Principal(uuid4(), uuid4(), 0, 0, roles=frozenset({role}), areas=areas or ("KG",), purpose=purpose)


@pytest.mark.parametrize(
    ("role", "topics"),
    [
        (Role.OPERATOR, ALL),
        (Role.DUTY_HEAD, ALL),
        (Role.REGISTRAR, ALL),
        (Role.ANALYST, {"hazards", "hazards-restricted", "alerts"}),
        (Role.ADMINISTRATOR, {"hazards", "hazards-restricted", "alerts"}),
        (Role.VIEWER, {"hazards", "hazards-restricted", "alerts"}),
    ],
)
def test_staff_read_topics_of_their_role_and_learn_of_changes_in_the_others(role: Role, topics: frozenset[str]) -> None:
    sight = visibility.visibility_of(principal(role), TOPICS)
    assert (sight.topics, sight.hints) == (topics, ALL - topics)


@pytest.mark.parametrize("topic", ["hazards-restricted", "alerts", "households", "groups", "outcomes"])
def test_an_integration_reads_only_public_hazards(topic: str) -> None:
    assert visibility.visibility_of(principal(Role.INTEGRATION), ["hazards"]).topics == {"hazards"}
    with pytest.raises(NotGranted):
        visibility.visibility_of(principal(Role.INTEGRATION), [topic])


def test_an_integration_reads_alerts_if_an_administrator_granted_them() -> None:
    granted = principal(Role.INTEGRATION, purpose="alerts")
    assert visibility.visibility_of(granted, ["hazards", "alerts"]).topics == {"hazards", "alerts"}
    with pytest.raises(NotGranted):
        visibility.visibility_of(granted, ["hazards", "hazards-restricted"])


def restricted(scope: str = "Restricted", *, pcodes: list[str] | None = None) -> dict[str, Any]:
    area = {"pcodes": [KADAMJAI] if pcodes is None else pcodes, "description": "behind the school"}
    reported = hazard(scope=scope, area=area, type_text="mud", text={"ky": {"headline": "call Aida"}})
    return reported.model_dump(mode="json")


def test_a_granted_system_sees_restricted_hazards_of_its_areas_and_no_private_hazard() -> None:
    system = principal(Role.INTEGRATION)
    sight = visibility.visibility_of(system, ["hazards", "hazards-restricted"], (KADAMJAI,))
    assert sight.topics == {"hazards", "hazards-restricted"}
    is_seen = {
        (): False,
        (KADAMJAI,): True,
        ("KG05258812010",): True,
        (BATKEN,): True,
        (LEILEK,): False,
        (LEILEK, KADAMJAI): True,
    }
    for pcodes, expected in is_seen.items():
        data = restricted(pcodes=list(pcodes))
        assert visibility.sees(sight, "hazards-restricted", data, PLACES) is expected
    for scope in ("Private", "Public"):
        assert not visibility.sees(sight, "hazards-restricted", restricted(scope), PLACES)


@pytest.mark.parametrize("topic", ["alerts", "households", "groups", "outcomes"])
def test_a_grant_of_hazards_opens_no_other_topic(topic: str) -> None:
    with pytest.raises(NotGranted):
        visibility.visibility_of(principal(Role.INTEGRATION), ["hazards-restricted", topic], (KADAMJAI,))


def test_a_grant_changes_nothing_for_people() -> None:
    assert visibility.visibility_of(principal(Role.VIEWER), ["hazards-restricted"], (KADAMJAI,)).granted == ()
    with pytest.raises(NotGranted):
        visibility.visibility_of(principal(Role.FIELD), ["hazards-restricted"], (KADAMJAI,))


def test_a_granted_system_reads_neither_words_nor_accounts() -> None:
    data = restricted()
    external = visibility.external("hazards-restricted", data, PLACES)
    assert (external["severity"], external["area"]) == (
        "Severe",
        {"pcodes": [KADAMJAI], "polygons": [], "circles": [], "point": None},
    )
    assert not external.keys() & {"text", "type_text", "web", "author", "report_id", "source_id", "aliases"}
    for kept in ("behind the school", "Aida", data["author"]):
        assert kept not in str(external)


def test_another_system_reads_the_districts_of_alerts_and_staff_the_villages() -> None:
    granted = visibility.visibility_of(principal(Role.INTEGRATION, purpose="alerts"), ["alerts"])
    assert granted.is_external and not visibility.visibility_of(principal(Role.OPERATOR), ["alerts"]).is_external
    village = "KG05258812010"
    figures = {"intensity": 6.1, "pcode": village, "felt": [village, KADAMJAI, LEILEK]}
    quake = alert(pcodes=[village, KADAMJAI, LEILEK], figures=figures).model_dump(mode="json")
    coarse = {"pcode": KADAMJAI, "felt": [KADAMJAI, LEILEK], "intensity": 6.1}
    assert visibility.external("alerts", quake, PLACES) == {**quake, "pcodes": [KADAMJAI, LEILEK], "figures": coarse}
    for pcodes in ([KADAMJAI], [BATKEN, LEILEK], []):
        data = alert(pcodes=pcodes, figures={"pcode": BATKEN}).model_dump(mode="json")
        assert visibility.external("alerts", data, PLACES) is data


def test_a_derived_severity_is_marked_in_alerts_and_the_hazard_stays_unknown_for_other_systems() -> None:
    unknown = hazard(scope="Restricted", severity="Unknown").model_dump(mode="json")
    assert visibility.external("hazards-restricted", unknown, PLACES)["severity"] == "Unknown"
    quake = alert(severity_is_derived=True, pcodes=["KG05258812010"]).model_dump(mode="json")
    external = visibility.external("alerts", quake, PLACES)
    assert (external["severity"], external["severity_is_derived"]) == ("Severe", True)


def test_another_system_sees_no_alert_of_a_private_hazard_and_no_delivery() -> None:
    external = visibility.visibility_of(principal(Role.INTEGRATION, purpose="alerts"), ["alerts"])
    staff = visibility.visibility_of(principal(Role.OPERATOR), ["alerts"])
    is_seen: dict[str | None, bool] = {"Public": True, "Restricted": True, "Private": False, None: False}
    for scope, expected in is_seen.items():
        data = alert(hazard_scope=scope).model_dump(mode="json")
        assert visibility.sees(external, "alerts", data, PLACES) is expected
        assert visibility.sees(staff, "alerts", data, PLACES)
    assert visibility.sees(external, "alerts", alert(hazard_id=None).model_dump(mode="json"), PLACES)
    assert not visibility.sees(external, "alerts", delivery().model_dump(mode="json"), PLACES)


@pytest.mark.parametrize("role", [Role.FIELD, Role.AUDITOR])
def test_other_roles_hear_nothing(role: Role) -> None:
    with pytest.raises(NotGranted):
        visibility.visibility_of(principal(role), TOPICS)


def test_an_operator_of_an_area_learns_only_that_outcomes_changed() -> None:
    assert visibility.visibility_of(principal(Role.OPERATOR, BATKEN), TOPICS).hints == {"outcomes"}


@pytest.mark.parametrize(("destination", "is_seen"), [(KADAMJAI, True), (KARA_SUU, False)])
def test_a_household_is_visible_at_its_present_place(destination: str, *, is_seen: bool) -> None:
    sight = visibility.visibility_of(principal(Role.OPERATOR, BATKEN), TOPICS)
    data = household(destination=destination).model_dump(mode="json")
    assert visibility.sees(sight, "households", data, PLACES) is is_seen


@pytest.mark.parametrize(("present", "is_seen"), [(LEILEK, True), (KARA_SUU, False), (None, True)])
def test_a_group_is_visible_at_its_present_place_or_else_at_its_origin(present: str | None, *, is_seen: bool) -> None:
    sight = visibility.visibility_of(principal(Role.OPERATOR, BATKEN), TOPICS)
    assert visibility.sees(sight, "groups", group(70, to=present).model_dump(mode="json"), PLACES) is is_seen


def test_a_household_abroad_is_visible_at_its_origin() -> None:
    sight = visibility.visibility_of(principal(Role.OPERATOR, BATKEN), TOPICS)
    data = household().model_dump(mode="json") | {"destination": {"country": "KZ"}}
    assert visibility.sees(sight, "households", data, PLACES)


@pytest.mark.parametrize(("pcodes", "is_seen"), [([KADAMJAI], True), ([KARA_SUU], False), ([], True)])
def test_an_alert_is_visible_in_its_area_and_one_without_a_place_everywhere(
    pcodes: list[str], *, is_seen: bool
) -> None:
    sight = visibility.visibility_of(principal(Role.OPERATOR, BATKEN), TOPICS)
    assert visibility.sees(sight, "alerts", alert(pcodes=pcodes).model_dump(mode="json"), PLACES) is is_seen


@pytest.mark.parametrize(("area", "is_seen"), [(BATKEN, False), ("KG", True)])
def test_delivery_results_have_no_place_and_are_visible_to_country_wide_accounts_only(
    area: str, *, is_seen: bool
) -> None:
    sight = visibility.visibility_of(principal(Role.OPERATOR, area), TOPICS)
    assert visibility.sees(sight, "alerts", delivery().model_dump(mode="json"), PLACES) is is_seen


@pytest.mark.parametrize(
    ("topic", "data"), [("households", household()), ("groups", group(70)), ("alerts", alert(pcodes=[KADAMJAI]))]
)
def test_an_account_without_an_area_sees_no_area(topic: str, data: BaseModel) -> None:
    nowhere = dataclasses.replace(principal(Role.OPERATOR), areas=())
    sight = visibility.visibility_of(nowhere, TOPICS)
    assert not visibility.sees(sight, topic, data.model_dump(mode="json"), PLACES)


def test_an_alert_over_the_oblast_is_visible_in_its_districts() -> None:
    sight = visibility.visibility_of(principal(Role.OPERATOR, KADAMJAI), TOPICS)
    seen = [visibility.sees(sight, "alerts", {"pcodes": [pcode]}, PLACES) for pcode in (BATKEN, LEILEK)]
    assert seen == [True, False]


def test_hazards_are_public() -> None:
    sight = visibility.visibility_of(principal(Role.OPERATOR, BATKEN), TOPICS)
    assert visibility.sees(sight, "hazards", hazard(area={"pcodes": [KARA_SUU]}).model_dump(mode="json"), PLACES)


def test_a_wall_screen_sees_alerts_and_not_the_notified_receivers() -> None:
    is_visible = {Role.VIEWER: False, Role.OPERATOR: True, Role.ADMINISTRATOR: True}
    for role, is_seen in is_visible.items():
        sight = visibility.visibility_of(principal(role), ["alerts"])
        assert visibility.sees(sight, "alerts", delivery().model_dump(mode="json"), PLACES) is is_seen
        assert visibility.sees(sight, "alerts", alert().model_dump(mode="json"), PLACES)
