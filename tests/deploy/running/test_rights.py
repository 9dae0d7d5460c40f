"""If root starts `make run`, each program runs as an unprivileged user that can read only its own files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import paths, readable_copies, rights
from deploy.local.component import Folders
from deploy.local.rights import FileClosed, PaperClosed
from deploy.local.users import KAFKA, OPENER, SERVICES, User
from deploy.provision import secrets
from shared.crypto.seal import write_whole
from tests import preloaded
from tests.supervised import Run, own_environment, soon_answer

WEB, OPENERS = "web", ("registry-worker", "registry-worker-2")
WORKERS = ("intake-worker", "alerts-worker", "console-worker", "watch")
SERVERS = ("kafka", "postgres", "valkey")
FORK_SERVERS = (f"fork-server-{SERVICES.uid}", f"fork-server-{OPENER.uid}")

pytestmark = [
    pytest.mark.components,
    pytest.mark.skipif(os.geteuid() != 0, reason="whoever is not root runs everything as himself"),
]


def user_of(run: Run, name: str) -> User:
    """Reads the user of a process from the kernel.

    The real, effective, saved and file-system user ids must be equal.
    """
    lines = Path(f"/proc/{run.pid(name)}/status").read_text().splitlines()
    groups = {
        word: [int(each) for each in rest.split()]
        for word, _, rest in (line.partition(":") for line in lines)
        if word in ("Uid", "Gid", "Groups")
    }
    (uid,), (gid,) = set(groups["Uid"]), set(groups["Gid"])
    return User(uid, gid, tuple(groups["Groups"]))


def test_no_program_but_the_supervisor_is_root(run: Run) -> None:
    users = {name: user_of(run, name) for name in (WEB, *WORKERS, *OPENERS, *SERVERS, *FORK_SERVERS)}
    assert 0 not in {number for user in users.values() for number in (user.uid, user.gid, *user.groups)}
    assert {users[name].uid for name in WORKERS} == {users[WEB].uid}
    assert {users[name].uid for name in OPENERS}.isdisjoint({users[WEB].uid})
    assert [users[name].uid for name in FORK_SERVERS] == [users[WEB].uid, users[OPENERS[0]].uid]
    assert {file.stem for file in (run.folder / "run").glob("fork-server*.pid")} == {*FORK_SERVERS}
    servers = [users[name].uid for name in SERVERS]
    assert len({*servers, users[WEB].uid, users[OPENERS[0]].uid}) == len(SERVERS) + 2


@pytest.mark.parametrize("name", [WEB, *WORKERS, *OPENERS, *SERVERS])
def test_no_program_reads_the_files_of_root(run: Run, name: str) -> None:
    user = user_of(run, name)
    folder = run.folder
    for closed in ("secrets/kafka-admin", "secrets/database-admin", "settings", "environment", "logs/web.log"):
        assert (folder / closed).exists()
        assert not user.may("r", folder / closed), closed
    assert not any(user.may("w", folder / name) for name in ("", "secrets", "secrets/tokens", "run"))


def test_private_sealing_keys_are_readable_only_by_the_registrys_workers(run: Run) -> None:
    (key,) = (run.folder / "secrets" / "seal" / "private").iterdir()
    readers = [name for name in (WEB, *WORKERS, *OPENERS, *SERVERS) if user_of(run, name).may("r", key)]
    assert readers == [*OPENERS]


def test_no_server_reads_the_services_keys(run: Run) -> None:
    (key,) = (run.folder / "secrets" / "registry-kek").iterdir()
    assert user_of(run, OPENERS[0]).may("r", key)
    assert not any(user_of(run, name).may("r", key) for name in SERVERS)


@pytest.mark.parametrize(
    "kind", ["sealing", "records", "households", "digests", "callers", "receivers", "memory", "tokens"]
)
def test_a_key_that_root_generates_is_readable_by_the_services(run: Run, kind: str) -> None:
    secrets = run.folder / "secrets"
    before = set(secrets.rglob("*"))
    env = {**own_environment(), "STATE": str(run.folder.parent), "DEMO": "0"}
    done = preloaded.run("cli", "keys", "rotate", "--of", kind, env=env)
    assert done.returncode == 0, done.stderr
    drawn = [path for path in set(secrets.rglob("*")) - before if path.is_file()]
    assert drawn and user_of(run, OPENERS[0]).may("r", *drawn)
    readable = [path for path in drawn if "private" not in path.parts]
    assert user_of(run, WEB).may("r", *readable)
    assert soon_answer(run)


def test_files_that_root_left_before_a_start_stop_no_service(restarted: Run) -> None:
    assert soon_answer(restarted)
    assert user_of(restarted, WEB).may("w", restarted.folder / "spool" / "left-by-root")
    assert user_of(restarted, WEB).may("r", restarted.folder / "places.geojson")


def test_restored_boundaries_are_readable_by_the_services(passable: Path) -> None:
    folders = Folders(state=passable / "main", cache=passable / "cache").make()
    secrets.draw(folders.secrets)
    write_whole(folders.places, b"{}")
    settings = {"PLACES_PATH": str(folders.places)}
    with pytest.raises(FileClosed, match="PLACES_PATH"):
        rights.check_readable(settings)
    rights.grant(folders)
    rights.check_readable(settings)
    assert not KAFKA.may("r", folders.places)


def test_the_paper_folder_is_created_so_that_the_worker_can_write_there(passable: Path) -> None:
    before = os.umask(0o077)
    try:
        rights.give_paper(folder := passable / "shared" / "new" / "board")
    finally:
        os.umask(before)
    assert SERVICES.may("w", folder)
    assert SERVICES.may("x", folder)


def test_a_paper_folder_that_the_worker_cannot_write_to_stops_the_start(passable: Path) -> None:
    (closed := passable / "closed").mkdir(mode=0o700)
    with pytest.raises(PaperClosed, match=str(closed)):
        rights.give_paper(closed / "board")


def test_a_module_that_an_update_made_unreadable_is_read_from_a_copy(passable: Path) -> None:
    """If root runs `git pull` with umask 077, other users cannot read the changed files."""
    checkout, state = passable / "checkout", passable / "state"
    for name in readable_copies.SOURCES:
        shutil.copytree(paths.ROOT / name, checkout / name, symlinks=True)
    checkout.chmod(0o755)
    state.mkdir(mode=0o711)
    module = Path("shared") / "messaging" / "consumer.py"
    (checkout / module).chmod(0o600)
    folder = Path(sources_of(checkout, state))
    assert SERVICES.may("r", folder / module)


def sources_of(checkout: Path, state: Path) -> str:
    ask = "print(readable_copies.sources(Path(sys.argv[1]), users.SERVICES))"
    head = "import sys; from pathlib import Path; from deploy.local import readable_copies, users"
    done = subprocess.run(
        [sys.executable, "-c", f"{head}; {ask}", str(state)], cwd=checkout, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_port_below_1024_stops_the_start(passable: Path) -> None:
    env = {**own_environment(), "STATE": str(passable / "state"), "PORT": "443"}
    done = preloaded.run("deploy.local", env=env)
    assert done.returncode == 1
    assert "✗ Only root may open this port" in done.stdout
    assert "(PORT=443)" in done.stdout


def test_a_file_that_the_services_cannot_read_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "mail-password"
    file.write_text("a password of the operator's")
    file.chmod(0o600)
    with pytest.raises(FileClosed, match="ALERTS_SMTP_PASSWORD_FILE"):
        rights.check_readable({"ALERTS_SMTP_PASSWORD_FILE": str(file)})
