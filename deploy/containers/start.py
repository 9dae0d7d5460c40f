"""A container's first process refuses weak secrets, reads the exercise mark, and kills a program that hangs.

This module imports only libraries that every image contains.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deploy.containers.health import host_name
from shared.errors import DocumentedError
from shared.liveness import SILENT_SECONDS, Answers, by_beat, over_http, silent

MARK = Path("/installation/exercise")
RESTORING = Path("/installation/restoring")  # exists from the start of a restore until its success
PLACES = Path("/places/places.geojson")
SHORTEST = 24
EXAMPLES = ("change", "example", "password", "secret")
OTHERS = (
    "ALERTS_SMS_INBOUND_SECRET_FILE",
    "ALERTS_SMS_SECRET_FILE",
    "ALERTS_SMTP_PASSWORD_FILE",
    "ALERTS_TELEGRAM_TOKEN_FILE",
    "KAFKA_CA_FILE",
)  # files with secrets of other systems, which are not checked


class BadSecret(DocumentedError):
    """This secret is empty, too short or an example.

    Remove its line from .env, then `make env` generates a good one; nothing was started.
    """

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.message}"


class HalfRestored(DocumentedError):
    """A restore into these volumes was interrupted or failed: do it again (docs/runbook.md); nothing was started."""


def main() -> None:
    environment = dict(os.environ)
    service = environment.get("SERVICE")
    try:
        check_restored()
        check_files(secret_files(environment, service or ""))
    except (HalfRestored, BadSecret) as error:
        sys.exit(str(error))
    environment |= installation()
    arguments = sys.argv[1:]
    command = [sys.executable, "-m", f"services.{service}" if service else "cli", *arguments]
    if service and arguments != ["migrate"]:
        sys.exit(asyncio.run(watched(command, environment, liveness(environment, arguments))))
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own program


def liveness(environment: Mapping[str, str], arguments: list[str]) -> Answers:
    """A worker is checked by its heartbeat file, and every other program by HTTP."""
    if arguments == ["worker"]:
        return by_beat(Path(environment["BEAT_PATH"]))
    return over_http("127.0.0.1", int(environment["PORT"]), host_name(environment))


async def watched(
    command: Sequence[str], environment: Mapping[str, str], answers: Answers, *, seconds: float = SILENT_SECONDS
) -> int:
    """Return the program's exit code.

    Kill a program that stops answering.

    The kill makes the container end: a container engine restarts ended containers, but not unhealthy containers.
    """
    child = await asyncio.create_subprocess_exec(*command, env=environment)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, pass_on, child, number)
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(end_silent(child, answers, seconds))
        code = await child.wait()
        watching.cancel()
    return code if code >= 0 else 128 - code  # a program that signal n ended returns 128 + n, as in a shell


async def end_silent(child: asyncio.subprocess.Process, answers: Answers, seconds: float) -> None:
    await silent(answers, seconds=seconds)
    print(f"The program has not answered for {seconds:.0f} s; ended.", file=sys.stderr, flush=True)
    pass_on(child, signal.SIGKILL)


def pass_on(child: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        child.send_signal(number)


def secret_files(environment: Mapping[str, str], service: str) -> list[Path]:
    """Returns the existing files with Dayar's own secrets, without the secrets of other systems."""
    named = [value for name, value in environment.items() if name.endswith("_FILE") and name not in OTHERS]
    return [file for value in named if (file := Path(value.replace("{service}", service))).is_file()]


def check_restored() -> None:
    if RESTORING.exists():
        raise HalfRestored


def check_files(files: Iterable[Path]) -> None:
    for file in files:
        content = file.read_bytes()
        if not content or (content.isascii() and is_bad(content.decode())):
            raise BadSecret(file)


def check(passwords: Mapping[str, str]) -> None:
    for name, password in passwords.items():
        if is_bad(password):
            raise BadSecret(name)


def is_bad(password: str) -> bool:
    text = password.strip().lower()
    return len(text) < SHORTEST or len(set(text)) < SHORTEST // 4 or any(example in text for example in EXAMPLES)


def installation() -> dict[str, str]:
    """Returns the settings for the exercise mark and for an imported places bundle."""
    settings = {}
    if MARK.is_file():
        settings["DAYAR_EXERCISE"] = MARK.read_text(encoding="ascii").strip()
    if PLACES.is_file():
        settings["PLACES_PATH"] = str(PLACES)
    return settings


if __name__ == "__main__":
    main()
