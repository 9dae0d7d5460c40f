"""Only the desk sees probable duplicates, and only those in the caller's areas."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.registry.config import RegistrySettings
from services.registry.duplicates import queries as duplicate_queries
from services.registry.duplicates.comparisons import compare_some
from services.registry.duplicates.duplicates import DuplicateReason, reason_of_side, same_as_contact
from services.registry.search.keys import SearchKeys
from shared.auth.tokens import Role
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.places import Places
from tests import gazetteers
from tests.registry.conftest import AUTHOR, Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, household
from tests.registry.test_search import PIN, family, person
from tests.registry.test_waiting import rows, sent

pytestmark = pytest.mark.anyio

CHOKO_DOBO, TOBEY = "KG05258820010", "KG05258820020"  # villages of Kadamjai
NUMBER, PHONE, VILLAGE, DISTRICT = DuplicateReason


async def found(office: Office, body: dict[str, Any], **caller: Any) -> list[tuple[str, list[str]]]:
    caller = {"role": Role.REGISTRAR, **caller}
    answer = await office.get(f"/v1/households/{body['household_id']}/duplicates", **caller)
    assert answer.status_code == 200, answer.text
    return [(each["household_id"], each["duplicate_reasons"]) for each in answer.json()["duplicates"]]


ONE = family(
    person("Айгүл", "Жумабекова", birth_year=1990, personal_number=PIN),
    phone="+996 700 112233",
    origin={"pcode": CHOKO_DOBO},
)
ELSEWHERE: dict[str, Any] = {"origin": {"pcode": BATKEN}, "destination": {"pcode": OSH}, "phone": "+996 555 000000"}


def by_contact(name: str, **changed: Any) -> dict[str, Any]:
    report = household(persons=4, contact_name=name, **{**ELSEWHERE, "phone": "0700112233", **changed})
    del report["members"]
    return report


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        (family(person("Aigul", "Other", personal_number=PIN), **ELSEWHERE), [NUMBER]),
        (family(person("Aigul", "Zhumabekova"), **{**ELSEWHERE, "phone": "0700112233"}), [PHONE]),
        (family(person("Жумабекова", "Айгуль", birth_date="1990-01-01"), phone=None), [DISTRICT]),
        (
            family(person("Айгүл", "Жумабекова", birth_year=1990), phone=None, origin={"pcode": CHOKO_DOBO}),
            [VILLAGE],
        ),
        (
            family(person("Айгүл", "Жумабекова", birth_year=1990, personal_number=PIN, phone="0700112233"), phone=None),
            [NUMBER, PHONE, DISTRICT],
        ),
        (family(person("Айгүл", "Жумабекова", age=35, age_reported_on="2026-06-15"), phone=None), [DISTRICT]),
        (by_contact("Жумабекова Айгүл Сапаровна"), [PHONE]),
    ],
)
async def test_an_exact_duplicate_is_found_from_both_households(
    office: Office, other: dict[str, Any], reasons: list[str]
) -> None:
    await office.file(ONE, other)
    assert await found(office, ONE) == [(other["household_id"], reasons)]
    assert await found(office, other) == [(ONE["household_id"], reasons)]


def test_the_contact_persons_of_two_short_reports_are_compared() -> None:
    """Two names of a contact person may be the same person, even if only one name has a patronymic."""

    def is_same(one: str, other: str) -> bool:
        first, second = ({"sealed": {"contact_name": name}, "members": []} for name in (one, other))
        return [*same_as_contact(first, second)] == [None]

    assert is_same("Асанов Нурлан", "nurlan asanov")
    assert is_same("Асанов Нурлан Токтосунович", "Нурлан Асанов")
    assert is_same("Нурлан Асанов", "Асанов Нурлан Токтосунович")
    assert not is_same("Асанов Нурлан", "Асанов Азамат")
    assert not is_same("Нурлан", "Нурлан")


def test_a_village_is_the_same_by_its_code_or_by_one_of_its_names() -> None:
    places, coded = gazetteers.with_dobo(), {"origin_locality_pcode": gazetteers.DOBO}

    def reason(one: dict[str, str], other: dict[str, str]) -> DuplicateReason | None:
        first, second = ({"origin_pcode": KADAMJAI, "sealed": sealed} for sealed in (one, other))
        return reason_of_side(first, second, "origin", places)

    typed = {"origin_locality": "чокодобо"}
    assert reason({"origin_locality": "Choko-Dobo", **coded}, typed) is VILLAGE
    assert reason(typed, {"origin_locality": "Choko-Dobo"}) is VILLAGE
    assert reason({"origin_locality": "Choko-Dobo"}, {"origin_locality": "Майдан"}) is None
    assert reason({**typed, **coded}, {**typed, "origin_locality_pcode": "KG05258811020"}) is None


@pytest.mark.parametrize(
    "other",
    [
        family(person("Айгүл", "Жумабекова", birth_year=1991), phone=None),
        family(person("Айгүл", "Жумабекова"), phone=None),
        family(person("Айгүл", "Жумабекова", age=37, age_reported_on="2026-06-15"), phone=None),
        by_contact("Жумабекова Айгүл", phone="+996 700 112234"),
        by_contact("Айгүл Сапаровна"),
        family(
            person("Айгүл", "Жумабекова", birth_year=1990),
            phone=None,
            origin={"pcode": TOBEY},
            destination={"pcode": OSH},
        ),
        family(person("Айгүл", "Жумабекова", birth_year=1990), **ELSEWHERE),
        family(person("Айгүл", "Бейшенова", birth_year=1990), phone="+996 700 112233"),
        family({"member_id": str(uuid4()), "given_name": "Айгүл", "birth_year": 1990}, phone="+996 700 112233"),
    ],
)
async def test_another_household_is_no_duplicate(office: Office, other: dict[str, Any]) -> None:
    await office.file(ONE, other)
    assert await found(office, ONE) == []


async def test_many_households_with_one_telephone_do_not_hide_a_duplicate(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many households gave the same telephone number, that of a village head.

    A duplicate with the same personal number must still come first.
    """
    monkeypatch.setattr(duplicate_queries, "MOST_ALIKE", 2)
    same_number = family(person("Aigul", "Other", personal_number=PIN), **ELSEWHERE)
    relative = family(person("Айгүл", "Жумабекова"), phone=ONE["phone"])
    await office.file(ONE, same_number, relative)
    later = [{"reported_at": f"2026-06-{day}T00:00:00Z", "phone": ONE["phone"]} for day in range(16, 26)]
    await office.file(*(family(person("Нурлан", f"Бейшенов{day}"), **body) for day, body in enumerate(later)))
    assert await found(office, ONE) == [(same_number["household_id"], [NUMBER]), (relative["household_id"], [PHONE])]
    assert await is_complete(office, ONE)
    await office.file(*(family(person("Айгүл", "Жумабекова"), **body) for body in later))
    assert (await found(office, ONE))[0] == (same_number["household_id"], [NUMBER])
    assert not await is_complete(office, ONE)


async def is_complete(office: Office, body: dict[str, Any]) -> bool:
    path = f"/v1/households/{body['household_id']}/duplicates"
    answer: dict[str, Any] = (await office.get(path, role=Role.REGISTRAR)).json()
    return bool(answer["is_complete"])


async def test_a_duplicate_in_another_area_is_not_shown(office: Office) -> None:
    other = family(person("Айгүл", "Жумабекова", personal_number=PIN), **ELSEWHERE)
    await office.file(ONE, other)
    assert await found(office, ONE, areas=(LEILEK,)) == []
    assert len(await found(office, ONE, areas=(LEILEK, OSH))) == 1


async def test_a_shown_duplicate_is_logged_as_read(office: Office) -> None:
    other, account = family(person("Айгүл", "Жумабекова", personal_number=PIN)), uuid4()
    await office.file(ONE, other)
    await found(office, ONE, account=account)
    read = {str(household_id) for row in await office.reads(account) for household_id in row["objects"]}
    assert read == {ONE["household_id"], other["household_id"]}


async def test_the_author_of_a_duplicate_learns_nothing(office: Office) -> None:
    """The author of a duplicate gets the usual outcome. The author may not read duplicates."""
    other = family(person("Айгүл", "Жумабекова", personal_number=PIN))
    await office.file(ONE, other)
    path = f"/v1/households/{other['household_id']}"
    own = (await office.get(path, role=Role.FIELD, account=AUTHOR)).json()
    assert (own["outcome"], own["reason"]) == ("recorded", None)
    assert (await office.get(f"{path}/duplicates", role=Role.FIELD, account=AUTHOR)).status_code == 403


async def test_duplicates_are_read_by_the_rights_of_opening_the_household(office: Office) -> None:
    body = household()
    await office.file(body)
    path = f"/v1/households/{body['household_id']}/duplicates"
    assert (await office.get(path, role=Role.REGISTRAR, areas=(OSH,))).status_code == 404
    assert (await office.get(path, role=Role.OPERATOR, purpose=None)).status_code == 403


async def compared(office: Office) -> int:
    settings = office.installation.settings(RegistrySettings)
    encryption = EnvelopeEncryption(settings.registry_kek_file)
    return await compare_some(
        office.app.state.sessions, encryption, SearchKeys(settings.search_root_file), Places.load()
    )


async def listed(office: Office, **caller: Any) -> list[set[str]]:
    caller = {"role": Role.REGISTRAR, **caller}
    answer = await office.get("/v1/duplicates", **caller)
    return [{pair["household_id"], pair["other_id"]} for pair in answer.json()["duplicates"]]


async def test_the_worker_compares_each_new_household_once(office: Office) -> None:
    other = family(person("Айгүл", "Жумабекова", personal_number=PIN), **ELSEWHERE)
    await office.file(ONE, other, household())
    assert await compared(office) == 3
    assert await compared(office) == 0
    assert await listed(office) == [{ONE["household_id"], other["household_id"]}]


async def test_a_corrected_household_is_compared_again(office: Office) -> None:
    other = family(person("Айгүл", "Жумабекова", personal_number=PIN), **ELSEWHERE)
    await office.file(ONE, other)
    await compared(office)
    [member] = other["members"]
    await office.file({**other, "version": 2, "members": [{**member, "personal_number": "11234567890123"}]})
    assert await compared(office) == 1
    assert await listed(office) == []


async def test_a_pair_is_listed_for_those_who_may_see_both_households(office: Office) -> None:
    other = family(person("Айгүл", "Жумабекова", personal_number=PIN), **ELSEWHERE)
    await office.file(ONE, other)
    await compared(office)
    for areas, count in ((("KG",), 1), ((LEILEK, OSH), 1), ((LEILEK,), 0), ((OSH,), 0)):
        assert len(await listed(office, areas=areas)) == count, areas
    assert (await office.get("/v1/duplicates", role=Role.FIELD)).status_code == 403


async def test_a_damaged_household_does_not_stop_the_comparison_of_others(office: Office) -> None:
    damaged, other = household(), family(person("Айгүл", "Жумабекова", personal_number=PIN), **ELSEWHERE)
    await office.file(damaged, ONE, other)
    async with office.app.state.sessions.begin() as session:
        statement = text("UPDATE members SET sealed = sealed || '\\x00' WHERE household_id = :id")
        await session.execute(statement, {"id": damaged["household_id"]})
    assert await compared(office) == 3
    assert await listed(office) == [{ONE["household_id"], other["household_id"]}]


async def waiting(office: Office, **caller: Any) -> list[dict[str, Any]]:
    answer = await office.get("/v1/duplicates:waiting", **{"role": Role.OPERATOR, **caller})
    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert content["count"] == len(content["pairs"])
    pairs: list[dict[str, Any]] = content["pairs"]
    return pairs


async def test_a_pair_waits_until_a_person_answers_that_it_is_two_households(office: Office) -> None:
    other = family(person("Айгүл", "Жумабекова", birth_year=1990), phone=None, origin={"pcode": CHOKO_DOBO})
    await office.file(ONE, other)
    await compared(office)
    [pair] = await waiting(office)
    assert (pair["reasons"], [each["persons"] for each in pair["households"]]) == ([VILLAGE], [1, 1])
    assert "Айгүл" not in str(pair)
    assert await waiting(office, areas=(OSH,)) == []
    head, ids = str(uuid4()), [{name: pair[name] for name in ("household_id", "other_id")}]
    await sent(office, "/v1/duplicates:assign", {"pairs": ids, "account": head}, role=Role.OPERATOR)
    await office.file({**other, "version": 2, "notes": "2"})
    await compared(office)
    [again] = await waiting(office)
    assert (again["assignee"], again["found_at"]) == (head, pair["found_at"])
    given = {"pairs": ids, "because": "namesakes"}
    assert (await sent(office, "/v1/duplicates:answer", given, role=Role.OPERATOR)).status_code == 403
    elsewhere = await sent(office, "/v1/duplicates:answer", given, role=Role.REGISTRAR, areas=(OSH,))
    assert elsewhere.json() == {"pairs": []}
    assert (await sent(office, "/v1/duplicates:answer", given, role=Role.REGISTRAR)).json() == {"pairs": ids}
    assert await waiting(office) == []
    await office.file({**other, "version": 3, "notes": "3"})
    await compared(office)
    assert await waiting(office) == []
    logged = await rows(office, "SELECT action, result, reason FROM audit WHERE action LIKE 'duplicates_%' ORDER BY id")
    assert [tuple(entry.values()) for entry in logged] == [
        ("duplicates_assigned", "done", head),
        ("duplicates_answered", "refused", "not-found"),
        ("duplicates_answered", "done", "namesakes"),
    ]
    same = {**other["members"][0], "personal_number": PIN}
    await office.file({**other, "version": 4, "members": [same]})
    await compared(office)
    # the pair waits again, because one more reason was found
    assert [each["reasons"] for each in await waiting(office)] == [[NUMBER, VILLAGE]]
