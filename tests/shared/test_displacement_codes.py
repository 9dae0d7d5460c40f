"""The tables of reasons and kinds of shelter are complete.

Expected values come from the definitions of DTM and IDMC.
"""

import pytest

from shared.displacement_reasons import BY_ONSET, ENVIRONMENTAL, REASONS, DtmReason, onset
from shared.events.vocabulary import HazardType, Reason, Shelter
from shared.hazard_definitions import Onset
from shared.shelters import BY_ARRANGEMENT, SHELTERS, DtmShelter


def test_every_reason_and_every_kind_of_shelter_has_its_row() -> None:
    assert set(REASONS) == set(Reason)
    assert set(SHELTERS) == set(Shelter)


def test_forms_offer_each_reason_and_each_known_kind_of_shelter_once() -> None:
    assert sorted(code for codes in BY_ONSET.values() for code in codes) == sorted(Reason)
    offered = sorted(code for codes in BY_ARRANGEMENT.values() for code in codes)
    assert offered == sorted(set(Shelter) - {Shelter.UNKNOWN})


@pytest.mark.parametrize(
    ("shelter", "arrangement"),
    [
        ("host_relatives", "host_community"),
        ("own_house", "private"),
        ("teahouse", "collective_centre"),
        ("evacuation_point", "transit_centre"),
        ("pasture_camp", "camp_like"),
        ("open_air", "self_settled"),
    ],
)
def test_kinds_of_shelter_have_dtms_arrangement(shelter: str, arrangement: str) -> None:
    assert SHELTERS[Shelter(shelter)].dtm == DtmShelter(arrangement)
    assert not SHELTERS[Shelter(shelter)].is_guess


def test_what_no_source_maps_is_a_guess() -> None:
    assert {code for code, shelter in SHELTERS.items() if shelter.is_guess} == {"hotel", "hospital", "vehicle"}
    assert REASONS[Reason.DROUGHT].is_guess
    assert not REASONS[Reason.CONFLICT].is_guess


def test_dtm_has_no_reason_for_slow_change_and_the_broader_reason_keeps_it_apart() -> None:
    slow = [reason for reason in REASONS.values() if reason.onset is Onset.SLOW]
    assert {reason.dtm for reason in slow} == {DtmReason.NATURAL_DISASTER}
    assert {reason.broader for reason in slow} == {Reason.ENVIRONMENTAL_DEGRADATION}


@pytest.mark.parametrize(
    ("reason", "hazard", "expected"),
    [
        ("natural_disaster", None, "sudden"),
        ("natural_disaster", "mudflow", "sudden"),
        ("natural_disaster", "drought", "slow"),
        ("natural_disaster", "other", "sudden"),
        ("pasture_degradation", "mudflow", "slow"),
        ("fear_of_hazard", None, "slow"),
        ("economic", "drought", None),
    ],
)
def test_the_onset_of_a_reason(reason: str, hazard: str | None, expected: str | None) -> None:
    assert onset(Reason(reason), HazardType(hazard) if hazard else None) == expected


def test_a_broader_reason_has_itself_as_broader_reason() -> None:
    assert all(REASONS[reason.broader].broader == reason.broader for reason in REASONS.values())
    assert Reason.FEAR_OF_HAZARD in ENVIRONMENTAL and Reason.BORDER_INCIDENT not in ENVIRONMENTAL
