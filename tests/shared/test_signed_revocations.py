"""Forged, late and unverifiable records of the topic `access` do not undo revocations."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from deploy.provision import record_keys
from shared import lifecycle
from shared.auth import revocations as revocations_module
from shared.auth import unverified
from shared.auth.revocations import Revocations
from shared.auth.tokens import Principal
from shared.auth.unverified import LONGEST_RECORD, MOST_RECORDS, UnverifiedRecords
from shared.config import Settings
from shared.events import CredentialKind, CredentialRestored, CredentialRevoked, Message, derived_id, message
from shared.messaging.records import Record
from shared.messaging.signatures import RecordSigner
from tests.forging import forge
from tests.installation import Installation
from tests.publishing import publishing
from tests.waiting import wait_for


@pytest.mark.components
async def test_a_forged_restoration_restores_no_credential(installation: Installation) -> None:
    account, now = uuid4(), datetime.now(UTC)
    revoked = CredentialRevoked(credential_id=account, kind=CredentialKind.ACCOUNT, revoked_at=now)
    restored = CredentialRestored(credential_id=account, kind=CredentialKind.ACCOUNT, revoked_at=now)
    last = CredentialRevoked(credential_id=uuid4(), kind=CredentialKind.ACCOUNT, revoked_at=now)
    async with publishing(installation.settings(Settings, "console")) as publisher:
        await publisher.publish(encoded(revoked), timeout=30)
        await forge(installation, "console", encoded(restored))
        # one key, so both records are in one partition
        await publisher.publish(encoded(last)._replace(key=encoded(revoked).key), timeout=30)
    revocations = Revocations(installation.settings(Settings, "registry"))
    async with lifecycle.beside(revocations.run()):
        await wait_for(lambda: revocations.is_revoked(principal(last.credential_id)))
        assert revocations.is_revoked(principal(account))


@pytest.mark.components
async def test_revocation_whose_key_arrives_late_comes_into_force_and_holds_up_nobody(
    installation: Installation,
) -> None:
    """The key of an old revocation arrives late.

    The old revocation must not replace a later record about the account.
    """
    late, restored, other = uuid4(), uuid4(), uuid4()
    by_known_key, by_late_key, missing, key = late_key(installation)
    for made in (
        by_late_key.sign(encoded(revoked(late))),
        by_late_key.sign(encoded(revoked(restored))),
        by_known_key.sign(encoded(CredentialRestored(**dict(revoked(restored))))),
        by_known_key.sign(encoded(revoked(other))),
    ):
        await forge(installation, "console", made)
    reader = installation.settings(Settings, "registry").model_copy(update={"signature_key_wait_seconds": 0})
    revocations = Revocations(reader)
    async with lifecycle.beside(revocations.run()):
        await wait_for(lambda: revocations.is_complete and revocations.is_revoked(principal(other)))
        assert not revocations.is_revoked(principal(late))
        missing.write_bytes(key)
        await wait_for(lambda: revocations.is_revoked(principal(late)))
        assert not revocations.is_revoked(principal(restored))
        assert revocations.is_revoked(principal(other))


@pytest.mark.components
async def test_a_revocation_stays_though_an_older_restoration_waits_and_nothing_more_can(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unverified, "MOST_RECORDS", 1)
    account, last = uuid4(), uuid4()
    by_known_key, by_late_key, missing, key = late_key(installation)
    for made in (
        by_late_key.sign(encoded(CredentialRestored(**dict(revoked(account))))),
        by_known_key.sign(encoded(revoked(account))),
        # one key, so both records are in one partition
        by_known_key.sign(encoded(revoked(last))._replace(key=encoded(revoked(account)).key)),
    ):
        await forge(installation, "console", made)
    reader = installation.settings(Settings, "registry").model_copy(update={"signature_key_wait_seconds": 0})
    monkeypatch.setattr(revocations_module, "KEY_SECONDS", 0)
    revocations = Revocations(reader)
    async with lifecycle.beside(revocations.run()):
        await wait_for(lambda: revocations.is_complete and revocations.is_revoked(principal(last)))
        missing.write_bytes(key)
        await forge(installation, "console", by_late_key.sign(encoded(revoked(other := uuid4()))))
        await wait_for(lambda: revocations.is_revoked(principal(other)))
        assert revocations.is_revoked(principal(account))


def test_no_more_records_wait_for_a_key_than_fit() -> None:
    waiting = UnverifiedRecords()
    for number in range(MOST_RECORDS + 1):
        waiting.add(Record("access", 0, number, 0, str(number).encode(), b"{}", ()))
    waiting.add(Record("access", 0, 0, 0, b"large", bytes(LONGEST_RECORD + 1), ()))
    assert len(list(waiting)) == MOST_RECORDS
    assert [record.offset for record in waiting.take(b"0")] == [0]
    waiting.add(Record("access", 0, 1, 0, b"another", b"{}", ()))
    assert len(list(waiting)) == MOST_RECORDS


def late_key(installation: Installation) -> tuple[RecordSigner, RecordSigner, Path, bytes]:
    own = installation.settings(Settings, "console")
    by_known_key, known_keys = RecordSigner(own), set(record_key_files(installation))
    record_keys.rotate(record_keys.folders(installation.secrets))
    by_late_key = RecordSigner(own)
    (missing,) = set(record_key_files(installation)) - known_keys
    key = missing.read_bytes()
    missing.unlink()
    return by_known_key, by_late_key, missing, key


def record_key_files(installation: Installation) -> list[Path]:
    return list((installation.secrets / "records" / "registry" / "access").iterdir())


def revoked(account: UUID) -> CredentialRevoked:
    return CredentialRevoked(credential_id=account, kind=CredentialKind.ACCOUNT, revoked_at=datetime.now(UTC))


def principal(account: UUID) -> Principal:
    return Principal(account=account, jti=uuid4(), issued_at=1, expires_at=2)


def encoded(change: CredentialRevoked | CredentialRestored) -> Message:
    id = derived_id("trial", change.event_type, change.credential_id)
    return message(change, id=id, source="/console", time=datetime.now(UTC))
