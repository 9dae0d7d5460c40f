"""Tests all commands of `dayar keys` for each kind of key on a whole installation."""

import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from unittest.mock import patch
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from typer.testing import CliRunner, Result

from cli import keys, receiver
from deploy.provision import rotation
from deploy.provision.rotation import RINGS, Kind
from services.alerts import worker as alerts
from services.alerts.config import AlertsSettings
from services.alerts.receivers.secrets import WebhookSecrets as Secrets
from services.console import worker as console
from services.console.administration.telephones import Telephones
from services.console.config import ConsoleSettings
from services.console.hazards.callers import Caller, Callers
from services.console.queries import accounts, callers, second_factors
from services.console.sign_in.accounts import new
from services.console.sign_in.totp import TotpSecrets
from services.registry.config import RegistrySettings
from services.registry.rewrap import rewrap
from services.registry.search.keys import SearchKeys
from services.registry.search.renewal import SearchRenewal
from services.registry.sites.key_renewal import SiteKeyRenewal
from shared.auth.tokens import Role
from shared.config import Settings
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.crypto.seal import Sealer
from shared.events.vocabulary import OutcomeKind
from shared.messaging.records import Outcome, Received
from shared.places import Places
from shared.postgres import database
from tests.installation import Installation, in_thread
from tests.publishing import publishing
from tests.registry.factories import Desk, household, registrar_of
from tests.shared.trial import Trial, event, hazard
from tests.waiting import wait_for

T = TypeVar("T")
Sessions = async_sessionmaker[AsyncSession]
KINDS = [*RINGS, Kind.TOKENS]

# Two keys may be generated in one second. The newer key then gets the next second as its date, and its age may be
# negative.
AT_ONCE = timedelta(seconds=-2)


def dayar(installation: Installation, app: Any, *words: str) -> Result:
    with patch.dict(os.environ, installation.env()):
        return CliRunner().invoke(app, words)


def listed(installation: Installation, kind: Kind) -> list[str]:
    """Returns the ids of the keys of this kind. The last key is in use."""
    output = dayar(installation, keys.app, "list", "--of", kind)
    assert output.exit_code == 0, output.output
    lines = sorted(output.output.splitlines(), key=lambda line: line.endswith("in use"))
    assert [line.endswith("in use") for line in lines] == [False] * (len(lines) - 1) + [True]
    return [line.split()[0] for line in lines]


def words_of(result: Result) -> str:
    return " ".join(result.output.replace("│", "").split())


def retire(installation: Installation, kind: Kind, kid: str, *words: str) -> Result:
    return dayar(installation, keys.app, "retire", kid, "--of", kind, *words)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not Kind.PHONES])
def test_each_kind_is_rotated_and_an_older_key_retired(
    tables: Installation, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "TAKEN_OVER", timedelta(minutes=-1))
    [old] = listed(tables, kind)
    assert dayar(tables, keys.app, "rotate", "--of", kind).exit_code == 0
    known = listed(tables, kind)
    assert known[0] == old
    for kid, why in ((known[1], "in use"), ("0" * 16, "no private key of this id")):
        refused = retire(tables, kind, kid)
        assert refused.exit_code != 0 and why in words_of(refused)
    done = retire(tables, kind, old)
    assert done.exit_code == 0, done.output
    assert listed(tables, kind) == known[1:]
    assert not list(tables.secrets.rglob(f"{old}.*"))


def test_a_key_of_phones_is_kept_while_phones_may_hold_reports_sealed_to_it(tables: Installation) -> None:
    [old] = listed(tables, Kind.PHONES)
    assert dayar(tables, keys.app, "rotate", "--of", "phones").exit_code == 0
    assert listed(tables, Kind.PHONES)[0] == old
    refused = retire(tables, Kind.PHONES, old)
    assert refused.exit_code != 0 and "60 days after the next key" in words_of(refused)
    assert len(listed(tables, Kind.PHONES)) == 2


def test_a_sealing_pair_is_kept_while_a_report_sealed_to_it_may_be_on_the_log(tables: Installation) -> None:
    [old] = listed(tables, Kind.SEALING)
    assert dayar(tables, keys.app, "rotate").exit_code == 0
    assert "may still be on the log" in words_of(retire(tables, Kind.SEALING, old))
    assert len(listed(tables, Kind.SEALING)) == 2


def test_a_key_encryption_key_is_kept_until_the_worker_has_rewrapped_the_households(tables: Installation) -> None:
    settings = tables.settings(RegistrySettings)
    key = EnvelopeEncryption(settings.registry_kek_file).draw()

    async def store(session: AsyncSession) -> None:
        await session.execute(
            text("INSERT INTO household_keys (household_id, kek_id, wrapped) VALUES (:id, :kek_id, :wrapped)"),
            {"id": uuid4(), "kek_id": key.kek_id, "wrapped": key.wrapped},
        )

    written(settings, store)
    held_until(
        tables, Kind.HOUSEHOLDS, settings, lambda made: rewrap(made, EnvelopeEncryption(settings.registry_kek_file))
    )


def test_a_callers_key_is_kept_until_callers_second_factors_and_telephones_are_resealed(tables: Installation) -> None:
    settings = tables.settings(ConsoleSettings)
    folder, report_id = settings.callers_key_file, uuid4()

    async def store(session: AsyncSession) -> None:
        sealed = Callers(folder).seal(Caller(name="Айгүл"), report_id)
        assert await callers.keep(session, report_id, uuid4(), sealed)
        await accounts.add(session, new("aida", frozenset({Role.ADMINISTRATOR}), datetime.now(UTC), password_hash=""))
        account = await accounts.named(session, "aida")
        assert account is not None
        account.telephone = Telephones(folder).seal("+996 555 123456", account.account_id)
        sealed = TotpSecrets(folder).seal("SECRET", account.account_id)
        await second_factors.keep(session, account.account_id, sealed, [b"code"], step=0, now=datetime.now(UTC))

    written(settings, store)

    async def reseal(made: Sessions) -> int:
        return await console.reseal(made, Callers(folder), TotpSecrets(folder), Telephones(folder))

    held_until(tables, Kind.CALLERS, settings, reseal, rows=3)


def test_a_receivers_key_is_kept_until_the_secrets_are_resealed(tables: Installation) -> None:
    added = dayar(tables, receiver.app, "add", "duty", "https://hook.example/dayar")
    assert added.exit_code == 0, added.output
    settings = tables.settings(AlertsSettings)
    held_until(tables, Kind.RECEIVERS, settings, lambda made: alerts.reseal(made, Secrets(settings.alerts_key_file)))


def test_a_search_root_is_kept_until_the_worker_has_made_the_search_keys_again(
    tables: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "TAKEN_OVER", timedelta(minutes=-1))
    settings = tables.settings(RegistrySettings)

    async def store(session: AsyncSession) -> None:
        received = Desk(tables.secrets / "seal").received(household(), author=uuid4())
        await registrar_of(settings).file_reports([received], session)

    written(settings, store)
    encryption, folder = EnvelopeEncryption(settings.registry_kek_file), settings.search_root_file

    async def renew_both(made: Sessions) -> int:
        search, places = SearchKeys(folder), Places.load()
        await SiteKeyRenewal(made, encryption, search, places).run()
        return await SearchRenewal(made, encryption, search, places).run()

    held_until(tables, Kind.SEARCH, settings, renew_both)


def test_digest_keys_are_kept_while_any_digest_is_stored(tables: Installation) -> None:
    settings = tables.settings(RegistrySettings)

    async def store(session: AsyncSession) -> None:
        await session.execute(text("INSERT INTO inbox (event_id, digest) VALUES (gen_random_uuid(), 'd')"))

    written(settings, store)
    [old] = listed(tables, Kind.DIGESTS)
    assert dayar(tables, keys.app, "rotate", "--of", Kind.DIGESTS).exit_code == 0
    assert retire(tables, Kind.DIGESTS, old).exit_code != 0
    assert old in listed(tables, Kind.DIGESTS)


def test_a_record_key_is_kept_while_a_record_that_it_signed_is_on_the_log(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_thread(publish(installation))
    assert dayar(installation, keys.app, "rotate", "--of", Kind.RECORDS).exit_code == 0
    output = dayar(installation, keys.app, "list", "--of", Kind.RECORDS).output.splitlines()
    [old, newest] = [line.split()[1] for line in output if line.startswith("hazards ")]
    [unused, _] = [line.split()[1] for line in output if line.startswith("alerts.console.dead ")]
    assert "Try again in ten minutes" in words_of(retire(installation, Kind.RECORDS, old))
    monkeypatch.setattr(rotation, "TAKEN_OVER", AT_ONCE)
    assert retire(installation, Kind.RECORDS, newest).exit_code != 0
    today, tomorrow = datetime.now(UTC), datetime.now(UTC) + timedelta(days=1)
    for words in ((), ("--before", f"{today:%Y-%m-%d}")):
        assert retire(installation, Kind.RECORDS, old, *words).exit_code != 0
    for kid, words in ((unused, ()), (old, ("--before", f"{tomorrow + timedelta(days=1):%Y-%m-%d}"))):
        done = retire(installation, Kind.RECORDS, kid, *words)
        assert done.exit_code == 0, done.output
        assert not list(installation.secrets.rglob(f"{kid}.key"))


@pytest.mark.parametrize("is_sealed", [False, True], ids=["clear", "sealed whole"])
def test_a_record_key_is_kept_while_a_dead_letter_holds_a_record_that_it_signed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, is_sealed: bool
) -> None:
    monkeypatch.setattr(rotation, "TAKEN_OVER", AT_ONCE)
    in_thread(set_aside(installation, is_sealed=is_sealed))
    assert dayar(installation, keys.app, "rotate", "--of", Kind.RECORDS).exit_code == 0
    output = dayar(installation, keys.app, "list", "--of", Kind.RECORDS).output.splitlines()
    [old, _] = [line.split()[1] for line in output if line.startswith("hazards ")]
    later = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
    refused = retire(installation, Kind.RECORDS, old, "--before", later)
    assert "Without the key these could not be redriven" in words_of(refused)
    assert list(installation.secrets.rglob(f"{old}.key"))


async def set_aside(installation: Installation, *, is_sealed: bool) -> None:
    sealer = Sealer(installation.settings(Settings, "alerts").seal_public_key_file)
    message = event(hazard())
    if is_sealed:
        message = message._replace(headers=(*message.headers, ("note", "Айбек".encode())))
    async with Trial(installation) as trial:
        await trial.publish(message)
        consumer = trial.consumer(refuses, sealer=sealer if is_sealed else None)
        async with trial.running(consumer), trial.relaying():
            assert await trial.drained() == {"set_aside": 1}
            await wait_for(trial.nothing_to_relay)


async def refuses(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
    return [Outcome(OutcomeKind.SET_ASIDE, "unbelievable")] * len(received)


async def publish(installation: Installation) -> None:
    async with publishing(installation.settings(Settings, "intake")) as publisher:
        await publisher.publish(event(hazard()), timeout=30)


def held_until(
    installation: Installation,
    kind: Kind,
    settings: Settings,
    renew: Callable[[Sessions], Awaitable[int]],
    rows: int = 1,
) -> None:
    """Checks that `retire` refuses an older key until the worker has encrypted all rows with the newest key."""
    old = listed(installation, kind)[-1]
    assert dayar(installation, keys.app, "rotate", "--of", kind).exit_code == 0
    refused = retire(installation, kind, old)
    assert refused.exit_code != 0 and "not yet under the newest" in words_of(refused)
    assert old in listed(installation, kind)
    assert in_sessions(settings, renew) == rows
    done = retire(installation, kind, old)
    assert done.exit_code == 0, done.output


def written(settings: Settings, store: Callable[[AsyncSession], Awaitable[None]]) -> None:
    async def do(sessions: Sessions) -> None:
        async with sessions.begin() as session:
            await store(session)

    in_sessions(settings, do)


def in_sessions(settings: Settings, do: Callable[[Sessions], Awaitable[T]]) -> T:
    async def within() -> T:
        engine = database.engine(settings)
        try:
            return await do(database.sessions(engine))
        finally:
            await engine.dispose()

    return in_thread(within())
