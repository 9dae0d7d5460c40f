"""The table of hazard types is complete. The codes in the table are codes of the standards."""

from shared.events.vocabulary import HazardType
from shared.hazard_definitions import CauseClass, Nature, Onset
from shared.hazards import HAZARDS


def test_every_code_of_the_contract_has_its_row() -> None:
    assert set(HAZARDS) == set(HazardType)


def test_only_other_is_without_nature_cause_and_onset() -> None:
    incomplete = [h.code for h in HAZARDS.values() if None in (h.nature, h.cause, h.onset)]

    assert incomplete == [HazardType.OTHER]


def test_the_cause_of_a_hazard_is_a_class_of_order_550_and_guesses_are_marked() -> None:
    mudflow, tailings, pests = (HAZARDS[HazardType(code)] for code in ("mudflow", "tailings_release", "pests"))

    assert {h.cause for h in HAZARDS.values()} - {None} == set(CauseClass)
    assert (mudflow.cause, mudflow.guesses) == (CauseClass.NATURAL, ())
    assert (tailings.cause, tailings.guesses) == (CauseClass.TECHNOGENIC, ("cause",))
    assert (pests.cause, pests.guesses) == (CauseClass.BIOLOGICAL, ("onset", "glide"))
    assert HAZARDS[HazardType.SALINIZATION].cause is CauseClass.ECOLOGICAL
    assert HAZARDS[HazardType.ARMED_INCIDENT].cause is CauseClass.SOCIAL


def test_a_lake_outburst_has_no_code_where_the_standards_have_none() -> None:
    glof = HAZARDS[HazardType.GLOF]

    assert (glof.glide, glof.idmc, glof.oet) == ((), (), ())
    assert glof.undrr == ("MH0607",)


def test_slow_and_sudden_onset_are_distinguished() -> None:
    assert HAZARDS[HazardType.DROUGHT].onset is Onset.SLOW
    assert HAZARDS[HazardType.MUDFLOW].onset is Onset.SUDDEN
    assert HAZARDS[HazardType.MUDFLOW].nature is Nature.HYDROLOGICAL


def test_codes_and_onsets_that_no_source_states_are_marked_as_guesses() -> None:
    guessed = {field: {h.code for h in HAZARDS.values() if field in h.guesses} for field in ("onset", "glide")}

    assert guessed["onset"] == {"pests", "crop_disease"}
    assert guessed["glide"] == {h.code for h in HAZARDS.values() if {"FR", "AC", "EP", "IN"}.intersection(h.glide)}
