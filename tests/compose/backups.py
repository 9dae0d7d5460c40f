"""A lost installation is restored from a nightly backup in a folder, and from a backup in a bucket."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from moto.server import ThreadedMotoServer

from deploy.backup import archive, stores
from deploy.backup.settings import BackupSettings
from tests.compose.findings import holds, same, say, wait
from tests.compose.project import Project, rows

AUTHORITY = "/data/caddy/pki/authorities/local/root.crt"
RESTORES = "SELECT result FROM console.audit WHERE action = 'command' AND subject = 'dayar restore'"
SECRET_MOUNT = """\
services:
  backup-s3: &secret
    volumes: ["{file}:/given/s3-secret:ro"]
  restore: *secret
"""


@dataclass(frozen=True)
class Backups:
    """Backups that the container `service` makes with these `settings`.

    `store` is where the check reads the backups.
    """

    service: str
    settings: Mapping[str, Any]
    store: stores.Store
    private_key: Path


def everything_comes_back(project: Project) -> None:
    """Restores the nightly backup of a folder into empty volumes and servers.

    The written file with the board for printing is checked too.
    """
    folder, paper = project.folder_for_services("backups"), project.folder_for_services("paper")
    key = project.folder / "backup.key"
    settings = {
        "COMPOSE_PROFILES": "backup",
        "BACKUP_FOLDER": str(folder),
        "BACKUP_RECIPIENT": archive.draw(key),
        "PAPER_FOLDER": str(paper),
    }
    comes_back(project, Backups("backup", settings, stores.of(BackupSettings(to=str(folder))), key))
    holds("the board is on paper", (paper / "dayar-ru.html").exists())


def everything_comes_back_from_a_bucket(project: Project) -> None:
    key = project.folder / "bucket.key"
    secret = project.file_for_services("s3-secret", "not-a-secret-of-anybody")
    override = project.folder / "override.yml"
    override.write_text(SECRET_MOUNT.format(file=secret), encoding="utf-8")
    project.files = ("docker-compose.yml", str(override))
    with s3(project.gateway_address) as endpoint:
        httpx.put(f"{endpoint}/backups", trust_env=False).raise_for_status()
        settings = {
            "COMPOSE_PROFILES": "backup-s3",
            "BACKUP_RECIPIENT": archive.draw(key),
            "BACKUP_TO": "s3://backups/dayar",
            "BACKUP_S3_ENDPOINT": endpoint,
            "BACKUP_S3_KEY_ID": "nobody",
        }
        seen = BackupSettings(to="s3://backups/dayar", s3_endpoint=endpoint, s3_key_id="nobody", s3_secret_file=secret)
        within = {**settings, "BACKUP_S3_SECRET_FILE": "/given/s3-secret"}
        comes_back(project, Backups("backup-s3", within, stores.of(seen), key))


@contextmanager
def s3(address: str) -> Iterator[str]:
    server = ThreadedMotoServer(ip_address=address, port=0)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


def comes_back(project: Project, backups: Backups) -> None:
    before, accounts = project.drained(), project.accounts()
    project.up(**backups.settings)
    wait(lambda: bool(backups.store.names()), f"the nightly backup by {backups.service}")
    container = project.inspected()[backups.service]
    same(
        f"{backups.service} runs closed",
        ("10001:10001", True),
        (container["Config"]["User"], container["HostConfig"]["ReadonlyRootfs"]),
    )
    (name,) = backups.store.names()
    listed = project.compose("run", "--rm", "--no-TTY", backups.service, "list", **backups.settings).stdout
    holds("it is listed", name in listed)
    households = project.query("SELECT count(*) FROM registry.households")
    restores, authority = project.query(RESTORES), authority_of(project)
    project.compose("down", "--volumes", **backups.settings)
    restored(project, backups, name)
    say(f"restored, and healthy after {project.up(**backups.settings):.0f} s")
    same("households are back", households, project.query("SELECT count(*) FROM registry.households"))
    same("the exercise's accounts are back", accounts, project.accounts())
    same("phones trust the gateway as before", authority, authority_of(project))
    same("the restore is in the security log", [*restores, "done"], project.query(RESTORES))
    after = project.drained(accounts)
    same("what was counted stayed counted", kinds(before), kinds(after))


def authority_of(project: Project) -> str:
    return project.compose("exec", "--no-TTY", "gateway", "cat", AUTHORITY).stdout


def restored(project: Project, backups: Backups, name: str) -> None:
    project.up("postgres", "kafka", "valkey", **backups.settings)
    refuses_half_restored_volumes(project, backups)
    key = backups.private_key.read_text(encoding="utf-8")
    output = project.compose("run", "--rm", "--no-TTY", "restore", name, given=key, **backups.settings).stdout
    holds("the log is said to be a new one", "Kafka's log is a new one" in output)


def refuses_half_restored_volumes(project: Project, backups: Backups) -> None:
    """After a killed restore, no service starts on the volumes until the restore is repeated."""
    mark = ("--entrypoint", "touch", "restore", "/installation/restoring")
    project.compose("run", "--rm", "--no-TTY", *mark, **backups.settings)
    refused = project.compose("up", "--wait", check=False, **backups.settings)
    is_told = "interrupted or failed" in project.output("provision")
    holds("half restored volumes are refused", refused.returncode != 0 and is_told)


def kinds(ledgers: dict[str, Any]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows(ledgers):
        if row["topic"] != "alerts":
            counts[row["consumer"]].update(row["kinds"])
    return counts
