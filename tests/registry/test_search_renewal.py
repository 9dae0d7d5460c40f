"""If search keys were made with an older root or by older rules, the worker makes new keys.

Until then, searches use the old keys.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from services.registry import renewals
from services.registry.config import RegistrySettings
from services.registry.search import keys as search_keys
from services.registry.search.keys import KeyVersion, SearchKeys
from services.registry.search.renewal import SearchRenewal, made_by
from services.registry.sites.key_renewal import SiteKeyRenewal
from shared.auth.tokens import Role
from shared.crypto import keyring
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.places import Places
from tests.registry.conftest import Office
from tests.registry.factories import NOON, household

pytestmark = pytest.mark.anyio


async def changed(office: Office, statement: str, **values: Any) -> None:
    async with office.app.state.sessions.begin() as session:
        await session.execute(text(statement), values)


def root_folder(office: Office) -> Path:
    return office.installation.settings(RegistrySettings).search_root_file


async def renewed(office: Office) -> int:
    settings = office.installation.settings(RegistrySettings)
    encryption, search = EnvelopeEncryption(settings.registry_kek_file), SearchKeys(root_folder(office))
    await SiteKeyRenewal(office.app.state.sessions, encryption, search, Places.load()).run()
    return await SearchRenewal(office.app.state.sessions, encryption, search, Places.load()).run()


async def result(office: Office) -> tuple[int, bool]:
    token = office.installation.token(roles=[Role.REGISTRAR], areas=("KG",))
    headers = {"authorization": f"Bearer {token}"}
    answer = await office.client.post("/v1/households:search", json={"name": "Токтогулов"}, headers=headers)
    assert answer.status_code == 200, answer.text
    return len(answer.json()["households"]), answer.json()["is_complete"]


def later(days: int) -> str:
    return (NOON + timedelta(days=days)).isoformat()


async def test_search_keys_that_an_earlier_release_did_not_make_are_made(office: Office) -> None:
    """The renewal goes on until every household has keys. A second call finds nothing to renew."""
    await office.file(*(household() for _ in range(3)))
    await changed(office, "DELETE FROM search_keys")
    await changed(office, "UPDATE households SET search_root_id = ''")
    assert await result(office) == (0, False)
    assert await renewed(office) == 3
    assert await result(office) == (3, True)
    assert await renewed(office) == 0


async def test_search_keys_of_earlier_folding_rules_are_made_again(office: Office) -> None:
    await office.file(household())
    await changed(office, "DELETE FROM search_keys")
    await changed(office, "UPDATE households SET search_folding = 1")
    assert await result(office) == (0, False)
    assert await renewed(office) == 1
    assert await result(office) == (1, True)


async def test_after_a_rotation_households_are_found_before_and_after_their_keys_are_renewed(office: Office) -> None:
    folder = root_folder(office)
    await office.file(household())
    old = max(keyring.known(folder))
    keyring.draw(folder)
    office.registrar._search = SearchKeys(folder)
    await office.file(household())
    assert await result(office) == (2, True)
    async with office.app.state.sessions.begin() as session:
        assert await made_by(session, old) == 1
    assert await renewed(office) == 1
    async with office.app.state.sessions.begin() as session:
        assert await made_by(session, old) == 0
    assert await result(office) == (2, True)


async def test_while_a_root_is_missing_a_search_says_that_it_is_not_complete(office: Office) -> None:
    """While a search root is missing, a search says that it is incomplete. All other pages work.

    Then the worker makes the search keys again, with the search root that exists.
    """
    body, missing = household(), household()
    await office.file(body, missing)
    statement = "UPDATE households SET search_root_id = :root WHERE household_id = :id"
    # both search roots are unknown: one is older than the existing root, and one is newer
    for lost in ("00000001-00000000", "ffffffff-00000000"):
        await changed(office, statement, root=lost, id=missing["household_id"])
        assert (await result(office))[1] is False, lost
        page = await office.get(f"/v1/households/{body['household_id']}/duplicates", role=Role.REGISTRAR)
        assert page.status_code == 200
        assert await renewed(office) == 1
        assert await result(office) == (2, True)


async def test_without_any_root_of_the_keys_nothing_is_found_and_nothing_fails(office: Office) -> None:
    body = household()
    await office.file(body)
    await changed(office, "UPDATE households SET search_root_id = 'ffffffff-00000000'")
    assert await result(office) == (0, False)
    assert (await office.get(f"/households/{body['household_id']}", role=Role.REGISTRAR)).status_code == 200


def test_a_worker_leaves_the_keys_of_a_newer_root_and_of_newer_rules(tmp_path: Path) -> None:
    older, newer = keyring.draw(tmp_path), keyring.draw(tmp_path)
    search, folding = SearchKeys(tmp_path), search_keys.FOLDING
    assert search.newest == KeyVersion(newer, folding)
    for version, is_old in (
        (KeyVersion(newer, folding), False),
        (KeyVersion(newer, folding + 1), False),
        (KeyVersion(newer, folding).failed, False),
        (KeyVersion(newer, folding - 1).failed, True),
        (KeyVersion(older, folding), True),
        (KeyVersion("", 1), True),
    ):
        assert search.is_old(version) == is_old, version
    before = SearchKeys(tmp_path)
    latest = keyring.draw(tmp_path)
    assert before.newest.root_id == newer
    assert not before.is_old(KeyVersion(latest, folding))


async def test_a_household_that_cannot_be_read_is_left_out_and_reported(office: Office) -> None:
    """All undamaged households get keys.

    The damaged household is not tried a second time. The search therefore stays incomplete.
    """
    damaged, sound = household(), [household() for _ in range(3)]
    await office.file(damaged, *sound)
    await changed(office, "UPDATE households SET search_folding = 1, site_root_id = ''")
    statement = "UPDATE reports SET sealed = sealed || '\\x00' WHERE subject_id = :id"
    await changed(office, statement, id=damaged["household_id"])
    with capture_logs() as lines:
        assert await renewed(office) == 3
    errors = {line["keys"]: (line["household_id"], line["error"]) for line in lines if "keys" in line}
    assert errors == dict.fromkeys(("keys of sites", "search keys"), (damaged["household_id"], "InvalidTag"))
    assert await result(office) == (3, False)
    assert await renewed(office) == 0


async def test_a_batch_has_a_bounded_number_of_reports(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewals, "MOST_REPORTS", 2)
    await office.file(*(household() for _ in range(3)))
    await changed(office, "UPDATE households SET search_folding = 1")
    settings = office.installation.settings(RegistrySettings)
    encryption, search = EnvelopeEncryption(settings.registry_kek_file), SearchKeys(root_folder(office))
    renewal = SearchRenewal(office.app.state.sessions, encryption, search, Places.load())
    assert len(await renewal.next_batch()) == 2
    assert await renewed(office) == 3
    assert renewals.fitting({NOON: 7, later(1): 1}) == [NOON]  # type: ignore[dict-item]
