"""A record that is built from Structs equals the record that is built from the contract's models."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import drafts, reports, structs
from services.intake.channels import json_reports
from services.intake.clocks import Clocks
from services.intake.refusals import Invalid
from shared import events
from shared.auth.tokens import Principal, Role
from shared.crypto import seal
from shared.crypto.seal import Opener, Sealer
from shared.events import CORRECTION, GroupReported, HouseholdReported, HouseholdSealed, MalformedEvent
from shared.events.vocabulary import SubmissionChannel
from shared.places import Places
from tests import gazetteers
from tests.gazetteers import KADAMJAI
from tests.intake.factories import group, hazard, household

NOW = datetime(2026, 6, 15, 6, tzinfo=UTC)
PLACES = Places.load()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seal")
    seal.generate(folder)
    return folder


def principal(**changed: Any) -> Principal:
    fields = {
        "account": uuid4(),
        "jti": uuid4(),
        "issued_at": 0,
        "expires_at": 2**40,
        "channel": SubmissionChannel.FIELD,
        "areas": ("KG",),
    }
    return Principal(**{**fields, "roles": frozenset({Role.FIELD}), **changed})


def draft(body: dict[str, Any], who: Principal, places: Places = PLACES) -> drafts.DisplacementDraft:
    report = json_reports.checked(json.dumps(body).encode(), json_reports.DISPLACEMENT)
    return reports.displacement(report, who, clocks=Clocks(NOW), places=places)


@pytest.mark.parametrize("report", [group, household])
def test_a_typed_settlement_gets_its_code_and_a_second_copy_is_still_the_same(
    report: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    body, who = report(origin={"pcode": KADAMJAI}, origin_locality="чоко добо"), principal()
    listed, plain = draft(body, who, Places.load(gazetteers.imported(tmp_path, 10))), draft(body, who)
    clear, sealed = json.loads(listed.clear), json.loads(listed.plain)
    assert (clear | sealed)["origin_locality_pcode"] == gazetteers.DOBO
    assert ("origin_locality_pcode" in clear) is (report is group)
    assert listed.content == plain.content


@pytest.mark.parametrize("side", ["origin", "destination"])
def test_the_code_of_a_settlement_is_accepted_only_in_the_stated_unit(side: str) -> None:
    """With a false code, a count could replace counts of a settlement outside the author's areas, without a flag."""
    place = {f"{side}_locality": "Чоко-Добо", f"{side}_locality_pcode": gazetteers.DOBO}
    for unit in (KADAMJAI, "KG05000000000"):
        assert draft(group(**place, **{side: {"pcode": unit}}), principal()).original is None
    for wrong in ({"pcode": "KG06000000000"}, {"country": "KG"}, {"country": "ZZ"}):
        with pytest.raises(Invalid) as refused:
            draft(group(**place, **{side: wrong}), principal())
        assert [error["pointer"] for error in refused.value.errors] == [f"/{side}_locality_pcode"]


@pytest.mark.parametrize("team", [None, uuid4()])
def test_a_households_record_is_read_back_whole(keys: Path, team: Any) -> None:
    body, who = household(notes='"quoted" \\ ө\n'), principal(team=team)
    made = draft(body, who)
    message = made.finish(Sealer(keys / "public.key"))
    event = events.decode(message.topic, message.value, message.headers)
    data = event.data
    assert isinstance(data, HouseholdReported)
    assert (data.author, data.team, data.channel, data.received_at) == (who.account, team, SubmissionChannel.FIELD, NOW)
    assert data.places_version == PLACES.version
    assert message.key.decode() == body["household_id"]
    clear = seal.without_box(message.value, data.sealed)
    assert json.loads(clear) == {name: value for name, value in json.loads(message.value).items() if name != "sealed"}
    aad = seal.report_aad(kid=data.sealed.kid, event_type=event.type, event_id=event.id, clear=clear)
    opened = HouseholdSealed.model_validate_json(Opener(keys / "private").open(data.sealed, aad))
    assert opened.notes == '"quoted" \\ ө'
    assert [person.given_name for person in opened.members] == ["Айгүл", None]


def test_no_sealed_field_is_in_clear(keys: Path) -> None:
    value = json.loads(draft(household(), principal()).finish(Sealer(keys / "public.key")).value)
    clear = {name for name in HouseholdReported.model_fields if name != "sealed"}
    assert set(value) - {"sealed"} <= clear


@pytest.mark.parametrize(("version", "expected"), [(1, GroupReported.event_type), (2, CORRECTION)])
def test_the_version_decides_the_type(version: int, expected: str) -> None:
    assert draft(group(version=version), principal()).event_type == expected


def test_the_order_of_fields_and_the_format_of_a_time_change_nothing() -> None:
    body, who = household(), principal()
    same = {**dict(reversed(body.items())), "reported_at": "2026-06-15T06:00:00Z"}
    assert draft(body, who).content == draft(same, who).content
    assert draft({**body, "persons": 2, "notes": "x"}, who).content != draft(body, who).content


def test_another_author_is_another_event() -> None:
    body = household()
    first, other = draft(body, principal()), draft(body, principal())
    assert first.event_id != other.event_id
    assert first.name != other.name


def test_a_household_abroad_belongs_to_the_area_of_its_origin() -> None:
    body = household(destination={"country": "RU"})
    assert '"flags":[]' in draft(body, principal(areas=("KG05000000000",))).stamps.decode()
    assert '"flags":["outside_area"]' in draft(body, principal(areas=("KG06000000000",))).stamps.decode()
    nowhere = household(origin={"country": "ZZ"}, destination={"country": "RU"})
    assert '"flags":[]' in draft(nowhere, principal(areas=("KG06000000000",))).stamps.decode()


@pytest.mark.parametrize(
    ("areas", "body", "expected"),
    [
        (("KG",), household(), '["registrar_of_country"]'),
        (("KG",), household(origin={"country": "ZZ"}, destination={"country": "RU"}), '["registrar_of_country"]'),
        (("KG05000000000", "KG05236000000"), household(), '["registrar_of_oblast"]'),
        (("KG05236000000",), household(), '["registrar_of_district"]'),
        (("KG05236000000",), household(destination={"pcode": "KG05236830020"}), '["registrar_of_district"]'),
        (("KG05258000000",), household(destination={"country": "RU"}), '["registrar_of_district"]'),
        (("KG05258000000",), household(), '["outside_area"]'),
        (("KG11000000000",), household(destination={"pcode": "KG11000000000"}), '["registrar_of_oblast"]'),
    ],
)
def test_a_registrars_report_states_the_reach_of_the_registrar(
    areas: tuple[str, ...], body: dict[str, Any], expected: str
) -> None:
    who = principal(roles=frozenset({Role.REGISTRAR}), areas=areas)
    assert f'"flags":{expected}' in draft(body, who).stamps.decode()


@pytest.mark.parametrize(
    ("role", "kind", "areas", "expected"),
    [
        (Role.REGISTRAR, "household_movement", ("KG05236000000",), ["KG05236000000"]),
        (Role.REGISTRAR, "site_movement", ("KG05236000000",), ["KG05236000000"]),
        (Role.OPERATOR, "site_movement", ("KG05236000000",), ["KG05236000000"]),
        (Role.DUTY_HEAD, "site_movement", ("KG",), sorted(unit.pcode for unit in PLACES.units(1))),
        (Role.DUTY_HEAD, "household_movement", ("KG05236000000",), None),
        (Role.FIELD, "site_movement", ("KG05236000000",), None),
    ],
)
def test_a_movement_states_the_areas_of_an_author_who_may_move_everybody_there(
    role: Role, kind: str, areas: tuple[str, ...], expected: list[str] | None
) -> None:
    name = kind.replace("movement", "id")
    body = {"kind": kind, "report_id": str(uuid4()), name: str(uuid4()), "movement": "returned"}
    at = {"occurred_at": NOW.isoformat(), "reported_at": NOW.isoformat()}
    who = principal(roles=frozenset({role}), areas=areas)
    report = json_reports.checked(json.dumps({**body, **at}).encode(), json_reports.MOVEMENT)
    stamps = reports.displacement(report, who, clocks=Clocks(NOW), places=PLACES).stamps
    assert json.loads(stamps).get("registrar_areas") == expected


@pytest.mark.parametrize(
    ("precision", "is_accepted"), [("hour", True), ("day", True), ("week", False), ("year", False)]
)
def test_the_day_of_a_sites_movement_is_known(precision: str, is_accepted: bool) -> None:
    ids = {"report_id": str(uuid4()), "site_id": str(uuid4())}
    at = {"occurred_at": NOW.isoformat(), "reported_at": NOW.isoformat(), "occurred_at_precision": precision}
    raw = json.dumps({"kind": "site_movement", "movement": "returned", **ids, **at}).encode()
    assert (structs.read_movement(raw) is not None) is is_accepted
    with nullcontext() if is_accepted else pytest.raises(Invalid):
        json_reports.checked(raw, json_reports.MOVEMENT)


class Ground(Places):
    """Places with an invented boundary: every point south of 45° N is in the district Kadamjai."""

    has_boundaries = True

    def locate(self, lat: float, lon: float) -> str | None:
        return "KG05258000000" if lat < 45 else None


@pytest.mark.parametrize(
    ("reported_place", "lat", "expected"),
    [
        ({"pcode": "KG05258000000"}, 40, []),
        ({"pcode": "KG05000000000"}, 40, []),
        ({"pcode": "KG05236000000"}, 40, ["point_contradicts_code"]),
        ({"pcode": "KG05258000000"}, 50, ["point_contradicts_code"]),
        ({"pcode": "KG99999999999"}, 40, []),
        ({"country": "RU"}, 50, []),
        ({"country": "RU"}, 40, ["point_contradicts_code"]),
        ({"country": "KG"}, 40, []),
        ({"country": "KG"}, 50, ["point_contradicts_code"]),
        ({"country": "ZZ"}, 40, []),
        ({"country": "ZZ"}, 50, []),
    ],
)
def test_a_point_outside_its_place_is_flagged(reported_place: dict[str, str], lat: float, expected: list[str]) -> None:
    places = Ground((PLACES.unit(each.pcode) or each for each in PLACES.units()), PLACES.version)
    body = household(destination=reported_place, destination_point={"lat": lat, "lon": 72})
    flags = json.loads(draft(body, principal(), places).stamps)["flags"]
    assert flags == expected


def test_the_districts_of_villages_are_added() -> None:
    body = hazard(area={"pcodes": ["KG05258820010", "KG99999999999"]})
    report = json_reports.checked(json.dumps(body).encode(), json_reports.HAZARD)
    event = reports.hazard(report, principal(), clocks=Clocks(NOW), places=PLACES).event
    assert event.area.pcodes == ("KG05258820010", "KG99999999999", "KG05258000000")


def test_a_hazard_has_the_code_of_its_settlement_and_a_release_only_if_it_states_the_code() -> None:
    places = gazetteers.with_dobo()

    def code(**stated: Any) -> str | None:
        body = hazard(area={"pcodes": [KADAMJAI], "description": "чокодөбө"}, **stated)
        report = json_reports.checked(json.dumps(body).encode(), json_reports.HAZARD)
        made = reports.hazard(report, principal(), clocks=Clocks(NOW), places=places)
        assert made.content == reports.hazard(report, principal(), clocks=Clocks(NOW), places=PLACES).content
        return made.event.locality_pcode

    release = {"revision": 2, "released_revision": 1, "scope": "Public", "text": {"en": {"headline": "Mudflow"}}}
    assert (code(), code(locality_pcode=gazetteers.DOBO), code(**release)) == (gazetteers.DOBO, gazetteers.DOBO, None)
    with pytest.raises(Invalid) as refused:
        code(locality_pcode="KG06226000010")
    assert [error["pointer"] for error in refused.value.errors] == ["/locality_pcode"]


class Everywhere(Ground):
    """Places in which two districts touch every geometry."""

    def areas_of(self, *drawn: Any) -> tuple[str, ...]:
        return ("KG05258000000", "KG05236000000")


def test_districts_added_to_a_full_area_can_be_read() -> None:
    codes = [f"KG06{number:09}" for number in range(200)]
    body = hazard(area={"pcodes": codes, "point": {"lat": 40, "lon": 72}})
    places = Everywhere((PLACES.unit(each.pcode) or each for each in PLACES.units()), PLACES.version)
    report = json_reports.checked(json.dumps(body).encode(), json_reports.HAZARD)
    made = reports.hazard(report, principal(), clocks=Clocks(NOW), places=places).event
    message = events.message(made, id=uuid4(), source="/intake", time=NOW)
    assert len(events.decode(message.topic, message.value, message.headers).data.area.pcodes) == 202
    with pytest.raises(Invalid) as refused:
        json_reports.checked(
            json.dumps(hazard(area={"pcodes": [*codes, "KG05258000000"]})).encode(), json_reports.HAZARD
        )
    assert [error["pointer"] for error in refused.value.errors] == ["/area/pcodes"]


@given(st.text(max_size=60), st.integers(0, 1_000_000), st.sampled_from(["KG05258000000", "KG99999999999"]))
def test_every_accepted_report_can_be_read(text: str, persons: int, pcode: str) -> None:
    body = household(
        notes=text, persons=persons, members=[], destination={"pcode": pcode}, reasons=["not a code", "economic"]
    )
    try:
        made = draft(body, principal())
    except Invalid:
        return
    value = made.clear[:-1] + b"," + made.stamps[1:-1] + b',"sealed":{"kid":"k","key":"k","nonce":"n","data":"d"}}'
    message = events.raw_message(
        "displacements", made.key, value, type=made.event_type, id=made.event_id, source="/intake", time=NOW
    )
    try:
        assert events.decode(message.topic, message.value, message.headers).data.persons == persons
    except MalformedEvent as error:
        raise AssertionError(error.pointer) from None
