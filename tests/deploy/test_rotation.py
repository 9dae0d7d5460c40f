"""Keys of every kind are rotated. An old key is destroyed only when nothing needs the key."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from starlette.requests import HTTPConnection

from deploy.provision import record_keys, rotation, secrets
from deploy.provision.keys import NoKeys, NoSuchKey
from deploy.provision.rotation import RINGS, KeyFresh, KeyLaid, KeyNewest, KeyOfPhones, KeySigned, KeyWanted, Kind
from shared.auth import tokens
from shared.auth.signer import Signer
from shared.auth.tokens import Authenticator, Principal, Unauthenticated
from shared.crypto import keyring
from shared.crypto.keyring import Keyring, Sealing, UnknownKey

LATER = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    secrets.draw(tmp_path)
    return tmp_path


def rotate(folder: Path, kind: Kind) -> list[str]:
    folders = {each: folder / name for each, name in RINGS.items()} | {Kind.TOKENS: folder / "tokens"}
    return rotation.rotate(kind, folders=folders, records=record_keys.folders(folder))


def test_existing_keys_are_kept(folder: Path) -> None:
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    secrets.draw(folder)
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before
    assert {file.stat().st_mode & 0o077 for file in before} == {0}


@pytest.mark.parametrize("kind", RINGS)
def test_after_a_rotation_the_newest_key_is_used_and_the_older_one_stays(folder: Path, kind: Kind) -> None:
    before = keyring.known(folder / RINGS[kind])
    [drawn] = rotate(folder, kind)
    ring = Keyring(folder / RINGS[kind])
    assert ring.newest[0] == drawn
    assert ring.keys.keys() == {*before, drawn}


def test_two_rotations_within_a_second_keep_their_order(folder: Path) -> None:
    drawn = [rotate(folder, Kind.CALLERS)[0] for _ in range(5)]
    assert drawn == sorted(drawn) and len(set(drawn)) == 5


def test_sealed_data_is_opened_after_a_rotation_and_resealed(folder: Path) -> None:
    sealing = Sealing(folder / "callers-key")
    old = sealing.seal(b"+996", b"report")
    rotate(folder, Kind.CALLERS)
    newer = Sealing(folder / "callers-key")
    assert newer.is_old(old) and newer.open(old, b"report") == b"+996"
    new = newer.seal(b"+996", b"report")
    assert not newer.is_old(new)
    # `sealing` was created before the rotation, but can read the newer key
    assert sealing.open(new, b"report") == b"+996"
    with pytest.raises(UnknownKey):
        sealing.open(b"00000000-00000000" + new[17:], b"report")


@pytest.mark.parametrize("kind", [Kind.HOUSEHOLDS, Kind.SEARCH, Kind.CALLERS, Kind.RECEIVERS, Kind.MEMORY])
def test_an_old_key_is_removed_when_nothing_is_encrypted_under_it(folder: Path, kind: Kind) -> None:
    of = folder / RINGS[kind]
    [old] = keyring.known(of)
    with pytest.raises(KeyNewest):
        rotation.retire(kind, old, of, uses=0, now=LATER)
    [new] = rotate(folder, kind)
    with pytest.raises(KeyWanted):
        rotation.retire(kind, old, of, uses=1, now=LATER)
    with pytest.raises(NoSuchKey):
        rotation.retire(kind, "00000000-00000000", of, uses=0, now=LATER)
    rotation.retire(kind, old, of, uses=0, now=LATER)
    assert list(keyring.known(of)) == [new]


def test_a_search_root_is_kept_while_workers_may_still_make_keys_with_it(folder: Path) -> None:
    [old] = keyring.known(folder / "search-root")
    rotate(folder, Kind.SEARCH)
    with pytest.raises(KeyFresh):
        rotation.retire(Kind.SEARCH, old, folder / "search-root", uses=0, now=datetime.now(UTC))
    rotation.retire(Kind.SEARCH, old, folder / "search-root", uses=0, now=LATER)


def test_a_key_of_phones_is_kept_for_60_days_after_its_rotation(folder: Path) -> None:
    of = folder / "phones-key"
    [old] = keyring.known(of)
    [new] = rotate(folder, Kind.PHONES)
    rotated_at = keyring.drawn_at(new)
    with pytest.raises(KeyOfPhones):
        rotation.retire(Kind.PHONES, old, of, uses=0, now=rotated_at + timedelta(days=59, hours=23))
    with pytest.raises(KeyNewest):
        rotation.retire(Kind.PHONES, new, of, uses=0, now=rotated_at + timedelta(days=61))
    with pytest.raises(KeyOfPhones):
        rotation.retire(Kind.PHONES, old, of, uses=1, now=rotated_at + timedelta(days=61))
    rotation.retire(Kind.PHONES, old, of, uses=0, now=rotated_at + timedelta(days=60))
    assert list(keyring.known(of)) == [new]


def test_a_digest_key_is_kept_while_any_digest_is_stored(folder: Path) -> None:
    [old] = keyring.known(folder / "digest-key")
    rotate(folder, Kind.DIGESTS)
    with pytest.raises(KeyLaid):
        rotation.retire(Kind.DIGESTS, old, folder / "digest-key", uses=1, now=LATER)
    rotation.retire(Kind.DIGESTS, old, folder / "digest-key", uses=0, now=LATER)
    assert old not in keyring.known(folder / "digest-key")


def test_a_record_key_is_removed_everywhere_once_no_record_that_it_signed_is_read(folder: Path) -> None:
    records = record_keys.folders(folder)
    [old] = record_keys.known(records)["hazards"]
    rotate(folder, Kind.RECORDS)
    newest, now = max(record_keys.known(records)["hazards"]), datetime.now(UTC)
    later = now + timedelta(minutes=11)
    for key_id, moment, refusal in (
        (old, now, KeyFresh),
        (newest, later, KeyNewest),
        ("00000000-00000000", later, NoSuchKey),
    ):
        with pytest.raises(refusal):
            rotation.retiring(records, key_id, moment)
    assert rotation.retiring(records, old, later) == "hazards"
    with pytest.raises(KeySigned):
        rotation.retire_record_key(records, "hazards", old, uses=1, letters=0)
    rotation.retire_record_key(records, "hazards", old, uses=0, letters=0)
    assert record_keys.known(records)["hazards"] == [newest]
    assert not list(folder.rglob(f"{old}.key"))


@pytest.mark.parametrize("kind", Kind)
def test_without_keys_none_is_generated(tmp_path: Path, kind: Kind) -> None:
    if kind in (Kind.SEALING, Kind.RECORDS):  # `make run` generates the sealing keys and record keys when it starts
        return
    with pytest.raises(NoKeys):
        rotate(tmp_path, kind)
    assert list(tmp_path.iterdir()) == []


class Nobody:
    is_known, known_since = True, None

    def is_revoked(self, _principal: Principal) -> bool:
        return False

    def is_readmitted(self, _: object) -> bool:
        return False


def request_with(token: str) -> HTTPConnection:
    return HTTPConnection({"type": "http", "headers": [(b"authorization", f"Bearer {token}".encode())]})


def principal(account: UUID) -> Principal:
    now = int(time.time())
    return Principal(account=account, jti=uuid4(), issued_at=now, expires_at=now + 60)


def test_running_processes_follow_a_rotation_of_the_signing_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "UNKNOWN_KEY_SECONDS", -1)
    keys, account = folder / "tokens", uuid4()
    signer, checker = Signer(keys / "private.pem"), Authenticator(keys / "public", Nobody())
    before, old = signer.sign(principal(account)), signer.kid
    assert checker.authenticate(request_with(before)).account == account
    [new] = rotate(folder, Kind.TOKENS)
    after = signer.sign(principal(account))
    assert signer.kid == new != old
    for token in (before, after):
        assert checker.authenticate(request_with(token)).account == account
    with pytest.raises(KeyNewest):
        rotation.retire(Kind.TOKENS, new, keys, uses=0, now=LATER)
    rotation.retire(Kind.TOKENS, old, keys, uses=0, now=LATER)
    monkeypatch.setattr(tokens, "KEYS_SECONDS", -1)
    assert checker.authenticate(request_with(after)).account == account
    with pytest.raises(Unauthenticated):
        checker.authenticate(request_with(before))
