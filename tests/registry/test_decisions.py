"""Tests decisions about reports: the needed right, and which reports are repeated, older or in conflict."""

import itertools
from uuid import UUID

import pytest

from services.registry.decisions import Claim, Effect, Owner, Precedent, decide, registers
from shared.events.vocabulary import Flag, OutcomeKind
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH
from tests.registry.test_working_set import AUTHOR, HOUSEHOLD, PLACES, STRANGER, TEAM, filed, standing, working_set_of

CLAIM = Claim(2, HOUSEHOLD, AUTHOR, TEAM, b"2")
REGISTRARS = CLAIM._replace(author=STRANGER, team=None, is_registrars=True)
RECORDED = Precedent(1, HOUSEHOLD, b"1", OutcomeKind.RECORDED)
OWNER = Owner(AUTHOR, TEAM)
OTHER = ("household", str(UUID(int=1)))


@pytest.mark.parametrize(
    ("claim", "owner", "precedents", "expected"),
    [
        (CLAIM._replace(version=1), None, [], "create"),
        (CLAIM, None, [], "waiting"),
        (CLAIM, OWNER, [RECORDED], "supersede"),
        (CLAIM._replace(author=STRANGER), OWNER, [RECORDED], "supersede"),
        (CLAIM._replace(team=None), OWNER, [RECORDED], "supersede"),
        (CLAIM._replace(author=STRANGER, team=None), OWNER, [RECORDED], "not_author"),
        (CLAIM._replace(author=STRANGER, team=None), Owner(AUTHOR, None), [RECORDED], "not_author"),
        (REGISTRARS, OWNER, [RECORDED], "supersede"),
        (REGISTRARS, OWNER, [RECORDED._replace(subject=OTHER)], "other_household"),
        (REGISTRARS, OWNER, [], "waiting"),
        (REGISTRARS, None, [], "waiting"),
        (REGISTRARS._replace(version=1), OWNER, [RECORDED], "not_author"),
        (REGISTRARS._replace(version=1), OWNER, [], "not_author"),
        (REGISTRARS._replace(is_expired=True), OWNER, [RECORDED], "expired_token"),
        (CLAIM._replace(is_expired=True), OWNER, [RECORDED], "expired_token"),
        (CLAIM._replace(is_revoked=True, is_expired=True), OWNER, [RECORDED], "revoked_credential"),
        (CLAIM, OWNER, [RECORDED, RECORDED._replace(version=3)], "merged"),
        (CLAIM, OWNER, [RECORDED, RECORDED._replace(version=2, digest=b"2")], "repeat"),
        (CLAIM._replace(author=STRANGER, team=None), OWNER, [RECORDED._replace(version=2, digest=b"2")], "repeat"),
        (CLAIM, OWNER, [RECORDED, RECORDED._replace(version=2)], "other_content"),
        (CLAIM._replace(version=1), OWNER, [], "begin"),
        (CLAIM, OWNER, [], "waiting"),
        (CLAIM, OWNER, [RECORDED._replace(outcome=OutcomeKind.HELD)], "waiting"),
        (CLAIM, OWNER, [RECORDED._replace(subject=OTHER)], "other_household"),
        (CLAIM._replace(version=1), None, [RECORDED._replace(subject=OTHER)], "other_household"),
    ],
)
def test_decisions(claim: Claim, owner: Owner | None, precedents: list[Precedent], expected: str) -> None:
    decision = decide(claim, owner, precedents)
    if decision.effect is not Effect.NOTHING:
        assert (decision.effect, decision.outcome) == (expected, OutcomeKind.RECORDED)
    else:
        assert expected in (decision.reason, decision.outcome)


@pytest.mark.parametrize(
    ("flag", "change", "known", "expected"),
    [
        (Flag.REGISTRAR_OF_DISTRICT, LEILEK, LEILEK, True),
        (Flag.REGISTRAR_OF_DISTRICT, LEILEK, "KG05236830020", True),
        (Flag.REGISTRAR_OF_DISTRICT, LEILEK, KADAMJAI, False),
        (Flag.REGISTRAR_OF_OBLAST, LEILEK, BATKEN, True),
        (Flag.REGISTRAR_OF_OBLAST, LEILEK, OSH, False),
        (Flag.REGISTRAR_OF_OBLAST, LEILEK, None, False),
        (Flag.REGISTRAR_OF_COUNTRY, LEILEK, OSH, True),
        (Flag.REGISTRAR_OF_COUNTRY, None, None, True),
        (Flag.OUTSIDE_AREA, LEILEK, LEILEK, False),
    ],
)
def test_a_registrars_area_must_contain_the_old_and_the_new_place(
    flag: Flag, change: str | None, known: str | None, expected: bool
) -> None:
    assert registers([flag], change, known, PLACES) is expected


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
def test_a_registrars_correction_counts_among_the_teams_in_any_order(order: tuple[int, ...]) -> None:
    flags = (Flag.REGISTRAR_OF_DISTRICT,)
    by = {1: filed(1), 2: filed(2, author=STRANGER, team=None, flags=flags), 3: filed(3)}
    working_set = working_set_of(by[version] for version in order)
    assert standing(working_set) == {HOUSEHOLD[1]: ("r", 3)}
    assert working_set.subjects[HOUSEHOLD].owner == OWNER
    assert {one.outcome for one in working_set.filed} <= {OutcomeKind.RECORDED, OutcomeKind.MERGED}
