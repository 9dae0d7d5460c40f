"""Runs one installation in containers under its own name and port, and queries it from outside."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx

from cli.demo import client, sign_in
from deploy.local import paths
from deploy.local.process import wait_until

SERVICES = {"intake": "/intake", "registry": "/registry", "alerts": "/alerts", "console": "/console"}
SECONDS_TO_DRAIN = 240  # enough even on a busy machine


class Failed(Exception):
    """A promise is broken."""


class Project:
    def __init__(self) -> None:
        self.name = f"dayar-check-{secrets.token_hex(3)}"
        self.folder = Path(tempfile.mkdtemp(prefix="dayar-compose-"))
        self.env_file = self.folder / "env"
        self.port = paths.free_port()
        self.subnet = f"10.213.{128 + secrets.randbelow(128)}"
        self.base_url = f"http://localhost:{self.port}"
        self.files: tuple[str, ...] = ()  # if not empty, the listed files replace the checkout's compose file
        run("sh", "deploy/containers/env.sh", str(self.env_file))

    def compose(
        self, *arguments: str, check: bool = True, given: str | None = None, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """Runs Docker Compose on this installation. `given` is the standard input."""
        return run(
            "docker",
            "compose",
            "--project-name",
            self.name,
            "--env-file",
            str(self.env_file),
            *(word for file in self.files for word in ("--file", file)),
            *arguments,
            check=check,
            given=given,
            PORT=str(self.port),
            SUBNET=self.subnet,
            **variables,
        )

    def folder_for_services(self, name: str) -> Path:
        self.folder.chmod(0o711)
        folder = self.folder / name
        folder.mkdir()
        os.chown(folder, 10001, 10001)
        return folder

    def file_for_services(self, name: str, content: str) -> Path:
        """Writes a file on this machine that only the services' user can read."""
        self.folder.chmod(0o711)
        file = self.folder / name
        file.write_text(content, encoding="utf-8")
        file.chmod(0o400)
        os.chown(file, 10001, 10001)
        return file

    @property
    def gateway_address(self) -> str:
        """This machine's address on the network `front`.

        Containers on `front` can reach addresses outside their network.
        """
        return f"{self.subnet}.1"

    def up(self, *services: str, **variables: str) -> float:
        """Starts the named services, or all services.

        Returns how many seconds the started services needed until they were healthy.
        """
        began = time.monotonic()
        done = self.compose("up", "--wait", *services, check=False, **variables)
        if done.returncode:
            raise Failed(f"{done.stderr}\n{self.compose('logs', '--no-color', '--tail', '30').stdout}")
        return time.monotonic() - began

    def remove(self) -> None:
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "5")
        shutil.rmtree(self.folder)

    def output(self, service: str) -> str:
        return self.compose("logs", "--no-color", "--no-log-prefix", service).stdout

    def accounts(self) -> dict[str, str]:
        lines = self.compose("exec", "--no-TTY", "console", "cat", "/var/lib/dayar/accounts").stdout.splitlines()
        return dict(line.split(maxsplit=1) for line in lines)

    def inspected(self) -> dict[str, dict[str, Any]]:
        ids = self.compose("ps", "--all", "--quiet").stdout.split()
        containers = json.loads(run("docker", "inspect", *ids).stdout)
        return {container["Config"]["Labels"]["com.docker.compose.service"]: container for container in containers}

    def kill9(self, service: str) -> None:
        """Kills the container's process as the kernel does when memory runs out.

        After the kill, Docker starts the container again.
        """
        os.kill(self.inspected()[service]["State"]["Pid"], signal.SIGKILL)

    def python(self, service: str, program: str, *arguments: str) -> str:
        return self.compose("exec", "--no-TTY", service, "python", "-c", program, *arguments).stdout

    def probe(self, service: str, name: str, *arguments: str) -> list[str]:
        program = Path(__file__).with_name("probes") / f"{name}.py"
        return self.python(service, program.read_text(encoding="utf-8"), *arguments).split()

    def query(self, statement: str) -> list[str]:
        psql = f'PGPASSWORD=$POSTGRES_PASSWORD psql -h 127.0.0.1 -U dayar_admin -d dayar -Atc "{statement}"'
        return self.compose("exec", "--no-TTY", "postgres", "sh", "-c", psql).stdout.split()

    def desk(self, accounts: Mapping[str, str] | None = None) -> "Desk":
        return Desk(self.base_url, accounts or self.accounts())

    def drained(self, accounts: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Waits until every record is processed and every outbox is empty. Returns the ledgers."""
        desk = self.desk(accounts)
        ledgers: dict[str, Any] = {}
        waiting: list[Any] = []

        def is_drained() -> bool:
            nonlocal ledgers, waiting
            ledgers = desk.ledgers()
            waiting = [row for row in rows(ledgers) if row["on_its_way"] != 0] or self.outboxes()
            return not waiting and ledgers == desk.ledgers()

        if not wait_until(is_drained, SECONDS_TO_DRAIN, every=0.5):
            raise Failed(f"still on its way after {SECONDS_TO_DRAIN} s: {waiting[:3]}")
        return ledgers

    def outboxes(self) -> list[str]:
        counts = (f"SELECT '{service}', count(*) FROM {service}.outbox" for service in SERVICES)
        return [count for count in self.query(" UNION ALL ".join(counts)) if not count.endswith("|0")]

    def memory(self) -> dict[str, float]:
        by_id = {
            container["Id"]: service for service, container in self.inspected().items() if container["State"]["Running"]
        }
        return {service: resident(container) for container, service in by_id.items()}


class Desk:
    def __init__(self, base_url: str, accounts: Mapping[str, str], name: str = "operator-1") -> None:
        self.client: httpx.Client = client(base_url)
        sign_in(self.client, name, accounts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.client.close()

    def ledgers(self) -> dict[str, Any]:
        return {
            service: self.client.get(f"{path}/v1/ledger").raise_for_status().json()
            for service, path in SERVICES.items()
        }


def rows(ledgers: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [row for ledger in ledgers.values() for row in ledger.get("partitions", ())]


def resident(container: str) -> float:
    """Returns the memory of a container's processes in megabytes.

    The file cache is not counted, because the kernel can reclaim it.
    """
    pids = run("docker", "top", container, "-eo", "pid").stdout.split()[1:]
    kilobytes = 0
    for pid in pids:
        with suppress(ProcessLookupError, FileNotFoundError):  # a listed process, such as a health check, has ended
            fields = Path("/proc", pid, "smaps_rollup").read_text(encoding="ascii").splitlines()
            kilobytes += sum(int(line.split()[1]) for line in fields if line.startswith("Pss:"))
    return kilobytes / 1024


def run(
    *argv: str, check: bool = True, given: str | None = None, **variables: str
) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, cwd=paths.ROOT, input=given, env={**os.environ, **variables}
    )
    if check and done.returncode:
        raise Failed(f"{' '.join(argv)}\n{done.stderr}{done.stdout}")
    return done
