"""Only the private key opens a box, and only in the box's own report. After some time, a data key is replaced."""

import json
import os
import stat
from pathlib import Path
from uuid import UUID

import pytest

from shared.crypto import seal
from shared.events import SealedBox

CLEAR = b'{"household_id":"00000000-0000-0000-0000-000000000003","status":"Actual","author":"0004","flags":[]}'
AAD = seal.report_aad(
    kid="0011223344556677",
    event_type="dayar.displacement.household_reported.v1",
    event_id=UUID(int=1),
    clear=CLEAR,
)


def test_the_aad_is_canonical_json_of_the_bound_fields() -> None:
    assert AAD == (
        b'["dayar/report/v2","0011223344556677","dayar.displacement.household_reported.v1",'
        b'"00000000-0000-0000-0000-000000000001",' + CLEAR + b"]"
    )
    assert json.loads(AAD)[4] == json.loads(CLEAR)


def test_a_record_splits_into_its_clear_half_and_its_box(seal_keys: Path) -> None:
    box = seal.Sealer(seal_keys / "public.key").seal(b"x", AAD)
    value = seal.with_box(CLEAR, box.model_dump_json().encode())
    assert json.loads(value) == {**json.loads(CLEAR), "sealed": box.model_dump()}
    assert seal.without_box(value, box) == CLEAR


@pytest.mark.parametrize("added", [b',"status":"Test"}', b"}", b" }"])
def test_nothing_follows_the_box(seal_keys: Path, added: bytes) -> None:
    """If a name occurs twice, many JSON parsers use the last value.

    A field after the box could therefore replace a readable field.
    """
    box = seal.Sealer(seal_keys / "public.key").seal(b"x", AAD)
    value = seal.with_box(CLEAR, box.model_dump_json().encode())
    with pytest.raises(seal.SealMismatch):
        seal.without_box(value[:-1] + added if added != b"}" else value + added, box)


def test_sealed_bytes_open_unchanged(seal_keys: Path) -> None:
    box = seal.Sealer(seal_keys / "public.key").seal("үй чарба".encode(), AAD)
    assert seal.Opener(seal_keys / "private").open(box, AAD) == "үй чарба".encode()


def test_a_box_moved_to_another_report_does_not_open(seal_keys: Path) -> None:
    box = seal.Sealer(seal_keys / "public.key").seal(b"x", AAD)
    with pytest.raises(seal.SealMismatch):
        seal.Opener(seal_keys / "private").open(box, AAD.replace(b"0004", b"0005"))


def test_an_altered_box_does_not_open(seal_keys: Path) -> None:
    box = seal.Sealer(seal_keys / "public.key").seal(b"x", AAD)
    altered = box.model_copy(update={"data": ("B" if box.data[0] == "A" else "A") + box.data[1:]})
    with pytest.raises(seal.SealMismatch):
        seal.Opener(seal_keys / "private").open(altered, AAD)


def test_without_the_private_key_the_dependency_is_at_fault_not_the_record(seal_keys: Path, tmp_path: Path) -> None:
    box = seal.Sealer(seal_keys / "public.key").seal(b"x", AAD)
    (tmp_path / "other").mkdir()
    with pytest.raises(seal.UnknownKeyId):
        seal.Opener(tmp_path / "other").open(box, AAD)


def test_two_private_keys_at_once_open_both_generations(seal_keys: Path) -> None:
    old = seal.Sealer(seal_keys / "public.key").seal(b"old", AAD)
    seal.generate(seal_keys)
    new = seal.Sealer(seal_keys / "public.key").seal(b"new", AAD)
    opener = seal.Opener(seal_keys / "private")
    assert [opener.open(old, AAD), opener.open(new, AAD)] == [b"old", b"new"]


def test_a_key_added_later_is_found(seal_keys: Path) -> None:
    opener = seal.Opener(seal_keys / "private")
    seal.generate(seal_keys)
    assert opener.open(seal.Sealer(seal_keys / "public.key").seal(b"new", AAD), AAD) == b"new"


def test_a_worn_data_key_is_replaced(seal_keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "KEY_REPORTS", 2)
    sealer = seal.Sealer(seal_keys / "public.key")
    assert len({sealed(sealer).key for _ in range(4)}) == 2


def test_a_new_public_key_is_used_with_the_next_data_key(seal_keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "KEY_REPORTS", 1)
    sealer = seal.Sealer(seal_keys / "public.key")
    old = sealed(sealer)
    new = seal.generate(seal_keys)
    assert [old.kid == new, sealed(sealer).kid] == [False, new]
    (seal_keys / "public.key").write_bytes(b"-----BEGIN PUBLIC KEY-----")
    assert sealed(sealer).kid == new
    (seal_keys / "public.key").unlink()
    assert sealed(sealer).kid == new


def sealed(sealer: seal.Sealer) -> SealedBox:
    assert sealer.kid
    return sealer.seal(b"x", AAD)


def test_only_the_owner_reads_the_keys(seal_keys: Path) -> None:
    files = [file for file in seal_keys.rglob("*.key") if file.is_file()]
    assert len(files) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_each_key_file_is_synced_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(Path(f"/proc/self/fd/{number}").readlink().name))
    kid = seal.generate(tmp_path / "seal")
    assert synced == [f".{kid}.key.unfinished", "private", ".public.key.unfinished", "seal"]
