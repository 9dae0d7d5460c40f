"""Without the keys, a digest reveals nothing.

A new key is applied to digests without decrypting reports. An erasure deletes the digests too.
"""

import shutil
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.registry import digests
from services.registry.config import RegistrySettings
from services.registry.digests import Digests
from services.registry.rewrap import rewrap, wrapped_by
from shared import events
from shared.crypto import keyring
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.crypto.keyring import UnknownKey
from shared.messaging import inbox
from shared.messaging.offsets import Fenced
from shared.postgres import database
from tests.installation import Installation
from tests.registry.factories import Desk, household, registrar_of

pytestmark = pytest.mark.anyio

AUTHOR, TEAM = uuid4(), uuid4()


@pytest.fixture
def settings(tables: Installation) -> RegistrySettings:
    return tables.settings(RegistrySettings)


@pytest.fixture
async def engine(settings: RegistrySettings) -> AsyncIterator[AsyncEngine]:
    """Each test has its own database, and therefore its own engine."""
    async with database.opened(settings) as made:
        yield made


def test_a_digest_of_a_phone_cannot_be_guessed_without_the_key(tmp_path: Path) -> None:
    phones = [f"+99655512{number:04}".encode() for number in range(10_000)]
    keyring.draw(tmp_path)
    kept = Digests(tmp_path)(events.digest((phones[1234],)))
    assert kept not in {events.digest((phone,)) for phone in phones}
    assert kept not in {sha256(phone).digest() for phone in phones}
    assert kept == Digests(tmp_path)(events.digest((phones[1234],)))


def test_each_digest_key_is_applied_to_the_result_of_the_one_before(tmp_path: Path) -> None:
    keyring.draw(tmp_path)
    before = Digests(tmp_path)(b"x" * 32)
    drawn = keyring.draw(tmp_path)
    newest = keyring.known(tmp_path)[drawn]
    assert digests.over(before, [newest]) == Digests(tmp_path)(b"x" * 32)


async def file(tables: Installation, engine: AsyncEngine, *households: dict[str, object]) -> Desk:
    desk, settings = Desk(tables.secrets / "seal"), tables.settings(RegistrySettings)
    desk.use(Digests(settings.digest_key_file))
    registrar = registrar_of(settings)
    received = [desk.received(body, author=AUTHOR, team=TEAM) for body in households]
    async with database.sessions(engine).begin() as session:
        assert await inbox.sort(session, received) == [inbox.Reading.FIRST] * len(received)
        await registrar.file_reports(received, session)
    return desk


async def stored(engine: AsyncEngine, table: str) -> list[bytes]:
    async with engine.connect() as connection:
        return list(await connection.scalars(text(f"SELECT digest FROM {table} ORDER BY digest")))


async def test_digests_stored_without_a_key_are_replaced_and_repeats_still_detected(
    tables: Installation, engine: AsyncEngine
) -> None:
    settings, bodies = tables.settings(RegistrySettings), [household() for _ in range(60)]
    desk = await file(tables, engine, *bodies)
    plain = desk.plain_digests(bodies, author=AUTHOR, team=TEAM)
    # an earlier release of Dayar stored digests without a key
    async with engine.begin() as connection:
        for kept, digest in plain.items():
            values = {"kept": kept, "digest": digest}
            await connection.execute(text("UPDATE inbox SET digest = :digest WHERE digest = :kept"), values)
            await connection.execute(text("UPDATE reports SET digest = :digest WHERE digest = :kept"), values)
    assert await stored(engine, "inbox") == sorted(plain.values())
    assert await Digests(settings.digest_key_file).lay_newest(settings) == 120
    assert await Digests(settings.digest_key_file).lay_newest(settings) == 0
    for table in ("inbox", "reports"):
        assert await stored(engine, table) == sorted(plain)
        assert set(await stored(engine, table)).isdisjoint(plain.values())
    async with database.sessions(engine)() as session:
        again = [desk.received(body, author=AUTHOR, team=TEAM) for body in bodies]
        assert await inbox.sort(session, again) == [inbox.Reading.REPEAT] * len(bodies)


async def test_a_worker_with_the_older_key_opens_its_batch_again(tables: Installation, engine: AsyncEngine) -> None:
    settings, body = tables.settings(RegistrySettings), household()
    slow = Digests(settings.digest_key_file)
    await slow.lay_newest(settings)
    await file(tables, engine, body)
    keyring.draw(settings.digest_key_file)
    await Digests(settings.digest_key_file).lay_newest(settings)
    async with database.sessions(engine)() as session:
        with pytest.raises(Fenced):
            await slow.hold(session)
        await slow.hold(session)
        desk = Desk(tables.secrets / "seal")
        desk.use(slow)
        assert await inbox.sort(session, [desk.received(body, author=AUTHOR, team=TEAM)]) == [inbox.Reading.REPEAT]


async def test_a_worker_that_lacks_the_newest_key_waits_for_it(
    tables: Installation, engine: AsyncEngine, tmp_path: Path
) -> None:
    settings, body, behind = tables.settings(RegistrySettings), household(), tmp_path / "behind"
    shutil.copytree(settings.digest_key_file, behind)
    drawn = keyring.draw(settings.digest_key_file)
    await Digests(settings.digest_key_file).lay_newest(settings)
    await file(tables, engine, body)
    late = Digests(behind)
    with pytest.raises(UnknownKey):
        await late.lay_newest(settings)
    shutil.copy(settings.digest_key_file / f"{drawn}.key", behind)
    assert await late.lay_newest(settings) == 0
    async with database.sessions(engine)() as session:
        await late.hold(session)
        desk = Desk(tables.secrets / "seal")
        desk.use(late)
        assert await inbox.sort(session, [desk.received(body, author=AUTHOR, team=TEAM)]) == [inbox.Reading.REPEAT]


async def test_an_erasure_removes_digests_and_search_keys_and_a_repeated_report_has_no_effect(
    tables: Installation, engine: AsyncEngine
) -> None:
    body, other = household(), household()
    corrected = {**body, "version": 2, "notes": "мост цел"}
    desk = await file(tables, engine, body, other)
    await file(tables, engine, corrected)
    async with database.sessions(engine).begin() as session:
        assert await digests.remove(session, UUID(str(body["household_id"]))) == 2
    for table in ("inbox", "reports"):
        assert [len(each) for each in await stored(engine, table)] == [0, 0, 32]
    async with engine.connect() as connection:
        searchable = [str(each) for each in await connection.scalars(text("SELECT household_id FROM search_keys"))]
    assert searchable == [other["household_id"]]
    async with database.sessions(engine)() as session:
        again = [desk.received(each, author=AUTHOR, team=TEAM) for each in (body, corrected, other)]
        assert await inbox.sort(session, again) == [inbox.Reading.REPEAT] * 3


async def test_household_keys_are_rewrapped_under_the_newest_key_and_open_the_same_data(
    tables: Installation, engine: AsyncEngine
) -> None:
    settings, sessions = tables.settings(RegistrySettings), database.sessions(engine)
    await file(tables, engine, *(household() for _ in range(3)))
    vault = EnvelopeEncryption(settings.registry_kek_file)
    old = vault.kek_id
    async with engine.connect() as connection:
        rows = list(await connection.execute(text("SELECT kek_id, wrapped FROM household_keys ORDER BY household_id")))
    sealed = [vault.unwrap(*row).seal(b"name", b"") for row in rows]
    newest = keyring.draw(settings.registry_kek_file)
    async with sessions() as session:
        assert (await wrapped_by(session, old), await wrapped_by(session, newest)) == (3, 0)
    assert await rewrap(sessions, EnvelopeEncryption(settings.registry_kek_file)) == 3
    assert await rewrap(sessions, EnvelopeEncryption(settings.registry_kek_file)) == 0
    async with sessions() as session:
        assert (await wrapped_by(session, old), await wrapped_by(session, newest)) == (0, 3)
    (settings.registry_kek_file / f"{old}.key").unlink()
    alone = EnvelopeEncryption(settings.registry_kek_file)
    async with engine.connect() as connection:
        rows = list(await connection.execute(text("SELECT kek_id, wrapped FROM household_keys ORDER BY household_id")))
    assert [alone.unwrap(*row).open(each, b"") for row, each in zip(rows, sealed, strict=True)] == [b"name"] * 3
