"""The table of hazard types is complete, and contains only codes of the standards."""

from shared.events.vocabulary import HazardType
from shared.hazards import HAZARDS, Nature, Onset


def test_every_code_of_the_contract_has_its_row() -> None:
    assert set(HAZARDS) == set(HazardType)


def test_only_other_is_without_nature_and_onset() -> None:
    assert [h.code for h in HAZARDS.values() if h.nature is None or h.onset is None] == [HazardType.OTHER]


def test_a_lake_outburst_has_no_code_where_the_standards_have_none() -> None:
    glof = HAZARDS[HazardType.GLOF]

    assert (glof.glide, glof.idmc, glof.oet) == ((), (), ())
    assert glof.undrr == ("MH0607",)


def test_slow_and_sudden_onset_are_distinguished() -> None:
    assert HAZARDS[HazardType.DROUGHT].onset is Onset.SLOW
    assert HAZARDS[HazardType.MUDFLOW].onset is Onset.SUDDEN
    assert HAZARDS[HazardType.MUDFLOW].nature is Nature.HYDROLOGICAL
