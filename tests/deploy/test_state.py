"""A start refuses an unsafe state folder, and a folder that another program or a newer release wrote.

A refused start changes nothing.
"""

import json
import os
import socket
from pathlib import Path

import pytest

from deploy.backup.making import RESTORING
from deploy.local import clean, paths, state
from deploy.local.options import GIVEN, BindingOpen, NotANumber, Options
from deploy.provision.secrets import KEYS, PASSWORDS
from shared.crypto import seal
from tests import preloaded


def hold(root: Path, *, exercise: bool = True, kafka_port: int | None = None) -> state.Installation:
    with state.held(root, exercise=exercise, kafka_port=kafka_port) as (_folders, installation):
        return installation


def test_the_mark_and_the_ports_are_stored(tmp_path: Path) -> None:
    first = hold(tmp_path / "state")
    assert first.exercise
    assert hold(tmp_path / "state") == first
    assert not hold(tmp_path / "state", exercise=False).exercise


def test_a_chosen_kafka_port_is_stored(tmp_path: Path) -> None:
    hold(tmp_path / "state", kafka_port=29092)
    assert hold(tmp_path / "state").ports["kafka"] == 29092


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    root = tmp_path / "state"
    root.mkdir()
    root.chmod(mode)
    with pytest.raises(state.StateOpen):
        hold(root)
    assert list(root.iterdir()) == []


def test_the_folders_contents_are_closed_to_others(tmp_path: Path) -> None:
    hold(tmp_path / "state")
    folder = tmp_path / "state" / "demo"
    assert folder.stat().st_mode & 0o077 == (0o011 if os.geteuid() == 0 else 0)
    assert all(each.stat().st_mode & 0o077 == 0 for each in folder.iterdir() if each.is_dir())


def test_a_newer_release_s_folder_is_refused_unchanged(tmp_path: Path) -> None:
    hold(tmp_path / "state")
    file = tmp_path / "state" / "demo" / "installation.json"
    newer = json.dumps({**json.loads(file.read_text()), "version": state.VERSION + 1, "region": "Osh"})
    file.write_text(newer)
    with pytest.raises(state.StateNewer):
        hold(tmp_path / "state")
    assert file.read_text() == newer


EARLIER = (
    "This folder was written by an earlier build. Use that build, or another folder by STATE=; nothing was changed."
)


def laid_out_by_the_first_build(root: Path, *, exercise: bool = True, version: int = 1) -> Path:
    state_folder = root / ("demo" if exercise else "main")
    state_folder.mkdir(mode=0o700, parents=True)
    root.chmod(0o700)
    ports = {"kafka": 19092, "controller": 19093, "postgres": 15432}
    (state_folder / "installation.json").write_text(
        json.dumps({"version": version, "exercise": exercise, "ports": ports})
    )
    (state_folder / "lock").touch()
    for name in ("run", "logs", "secrets", "kafka", "postgres", "valkey"):
        (state_folder / name).mkdir(mode=0o700)
    for name in (*KEYS, *PASSWORDS):
        (state_folder / "secrets" / name).write_bytes(os.urandom(32).hex().encode())
    seal.generate(state_folder / "secrets" / "seal")
    partition = state_folder / "kafka" / "data" / "dayar.displacements-0"
    partition.mkdir(parents=True)
    (partition / "00000000000000000000.log").write_bytes(b"a record without a signature")
    return state_folder


def everything(folder: Path) -> dict[Path, tuple[int, int, bytes]]:
    return {
        file: (file.stat().st_mode, file.stat().st_mtime_ns, file.read_bytes() if file.is_file() else b"")
        for file in (folder, *folder.rglob("*"))
    }


@pytest.mark.parametrize(("exercise", "version"), [(True, 1), (False, 1), (True, 2)])
def test_an_earlier_builds_folder_is_refused_in_one_sentence_and_unchanged(
    tmp_path: Path, *, exercise: bool, version: int
) -> None:
    laid_out_by_the_first_build(tmp_path / "state", exercise=exercise, version=version)
    before = everything(tmp_path / "state")
    env = {"STATE": str(tmp_path / "state"), "DEMO": str(int(exercise)), "TERM": "dumb", "COLUMNS": "400"}
    own = {name: value for name, value in os.environ.items() if name not in GIVEN.values()}
    started = preloaded.run("deploy.local", env={**own, **env})
    assert started.returncode == 1
    output = started.stdout + started.stderr
    assert output.split() == ["✗", *EARLIER.split()], output
    assert everything(tmp_path / "state") == before


def test_folder_that_a_restore_left_half_filled_starts_only_for_a_restore(tmp_path: Path) -> None:
    root = tmp_path / "state"
    hold(root)
    (root / "demo" / RESTORING).touch()
    before = everything(root)
    with pytest.raises(state.StateHalfRestored, match="interrupted or failed"):
        hold(root)
    assert everything(root) == before
    with state.held(root, exercise=True, kafka_port=None, is_restoring=True):
        pass


def test_a_folder_of_this_build_starts_again(tmp_path: Path) -> None:
    assert hold(tmp_path / "state").version == hold(tmp_path / "state").version == state.VERSION


def test_a_field_that_a_later_release_of_this_layout_added_is_ignored(tmp_path: Path) -> None:
    first = hold(tmp_path / "state")
    file = tmp_path / "state" / "demo" / "installation.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "region": "Osh"}))
    assert hold(tmp_path / "state") == first


@pytest.mark.parametrize("torn", ["", '{"version": 1, "exer', "[]", f'{{"version": {state.VERSION}}}'])
def test_a_damaged_mark_is_reported_and_unchanged(tmp_path: Path, torn: str) -> None:
    hold(tmp_path / "state")
    file = tmp_path / "state" / "demo" / "installation.json"
    file.write_text(torn)
    with pytest.raises(state.StateTorn):
        hold(tmp_path / "state")
    assert file.read_text() == torn


def test_the_mark_is_synced_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(Path(f"/proc/self/fd/{number}").readlink().name))
    hold(tmp_path / "state")
    assert synced == [".installation.json.unfinished", "demo"]


def test_an_internal_port_that_another_program_took_is_replaced(tmp_path: Path) -> None:
    ports = hold(tmp_path / "state").ports
    with socket.create_server(("127.0.0.1", ports["postgres"])):
        changed = hold(tmp_path / "state").ports
    assert changed["postgres"] != ports["postgres"]
    assert {**changed, "postgres": ports["postgres"]} == ports
    assert hold(tmp_path / "state").ports == changed


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "state"
    root.mkdir(mode=0o700)
    monkeypatch.setattr(state, "ROOT_USER", -1)
    monkeypatch.setattr(os, "geteuid", lambda: root.stat().st_uid + 1)
    with pytest.raises(state.StateOpen):
        hold(root)


def test_a_full_or_newer_folder_can_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(tmp_path / "state")
    (tmp_path / "state" / "demo" / "installation.json").write_text('{"version": 99}')
    monkeypatch.setattr(state, "LEAST_FREE_BYTES", 2**62)
    monkeypatch.setenv("STATE", str(tmp_path / "state"))
    monkeypatch.setattr(paths, "HOMES", tmp_path / "homes")  # `make clean-state` must not remove folders of other tests
    monkeypatch.setattr("builtins.input", lambda _: "demo")
    assert clean.main() == 0
    assert list((tmp_path / "state").iterdir()) == []


def test_a_running_installation_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE", str(tmp_path / "state"))
    monkeypatch.setattr("builtins.input", lambda _: "demo")
    with state.held(tmp_path / "state", exercise=True, kafka_port=None), pytest.raises(state.StateBusy):
        clean.main()
    assert (tmp_path / "state" / "demo" / "installation.json").exists()


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state" / "demo").mkdir(parents=True)
    (tmp_path / "state" / "demo" / "thesis.txt").touch()
    with pytest.raises(state.StateOther):
        hold(tmp_path / "state")


def test_a_second_supervisor_is_refused(tmp_path: Path) -> None:
    with state.held(tmp_path / "state", exercise=True, kafka_port=None), pytest.raises(state.StateBusy):
        hold(tmp_path / "state")


def test_a_full_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "LEAST_FREE_BYTES", 2**62)
    with pytest.raises(state.DiskFull):
        hold(tmp_path / "state")


def test_a_folder_that_cannot_be_written_is_reported() -> None:
    with pytest.raises(state.DiskReadOnly):
        hold(Path("/proc/1/dayar"))


def test_binding_to_the_network_needs_tls_in_front() -> None:
    with pytest.raises(BindingOpen):
        Options.read({"HOST": "0.0.0.0"})
    assert Options.read({"HOST": "0.0.0.0", "PUBLIC_URL": "https://dayar.example"}).host == "0.0.0.0"


def test_a_name_of_this_machine_needs_no_tls() -> None:
    assert Options.read({"HOST": "localhost"}).public_url == "http://localhost:8080"
    with pytest.raises(BindingOpen):
        Options.read({"HOST": "dayar.example"})


def test_a_port_is_a_number() -> None:
    with pytest.raises(NotANumber):
        Options.read({"PORT": "eighty"})


def test_the_scenario_never_plays_on_given_servers() -> None:
    assert Options.read({}).plays
    assert not Options.read({"DEMO": "0"}).exercise
    assert not Options.read({"KAFKA_BOOTSTRAP": "broker:9092"}).exercise
    assert not Options.read({"KAFKA_BOOTSTRAP": "broker:9092", "DEMO": "1"}).plays


def test_the_administrators_password_reaches_no_child_process() -> None:
    options = Options.read({"DAYAR_ADMIN_PASSWORD": "secret"})
    assert options.admin_password == "secret"
    assert "DAYAR_ADMIN_PASSWORD" not in options.environment
