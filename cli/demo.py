"""`dayar demo play` sends the exercise's scenario, as a phone and an operator would send it."""

import ssl
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import httpx
import typer
from rich.console import Console

from cli import scenario
from cli.scenario import Sender, Step
from shared.config import Settings

SECONDS = 75.0
PATIENCE_SECONDS = 60.0
ACCOUNTS = {Sender.OPERATOR: "operator-1", Sender.FIELD: "field-1"}

app = typer.Typer(help="The exercise's scenario.", no_args_is_help=True, add_completion=False)
console = Console(highlight=False)


class CannotPlay(Exception):
    """The scenario cannot be played here; the text says why."""


@dataclass
class Played:
    """`sent` is the number of all requests."""

    answers: Counter[str] = field(default_factory=Counter)

    @property
    def sent(self) -> int:
        return self.answers.total()


Tell = Callable[[Step, str], None]


@app.callback()
def story() -> None:
    """The exercise's scenario."""


@app.command("play")
def play_command(
    *, fast: Annotated[bool, typer.Option("--fast", envvar="DEMO_FAST", help="Without pauses: all at once.")] = False
) -> None:
    """Play a mudflow in Kadamjai. The installation must be marked as an exercise."""
    settings = Settings()
    if not settings.exercise:
        refuse("This installation is not marked as an exercise: the story is not played among real reports.")
    console.print(f"Playing a mudflow in Kadamjai at {settings.public_url}; watch the board.")
    try:
        passwords = accounts(settings.state / "accounts")
        played = play(settings.public_url, passwords, seconds=0.0 if fast else SECONDS, tell=shown)
    except CannotPlay as error:
        refuse(str(error))
    answered = ", ".join(f"{count} {answer}" for answer, count in sorted(played.answers.items()))
    console.print(f"[bold]{played.sent} sent[/]: {answered}.")


def play(base_url: str, passwords: Mapping[str, str], *, seconds: float, tell: Tell) -> Played:
    """Raises CannotPlay."""
    played = Played()
    began = time.monotonic()
    with client(base_url) as desk, client(base_url) as phone:
        sign_in(desk, ACCOUNTS[Sender.OPERATOR], passwords)
        get_token(phone, ACCOUNTS[Sender.FIELD], passwords)
        list_site(desk)
        clients = {Sender.OPERATOR: desk, Sender.FIELD: phone}
        for step in scenario.steps(datetime.now(UTC)):
            time.sleep(max(0.0, began + seconds * step.at - time.monotonic()))
            answer = send(clients[step.sender], step)
            played.answers[answer] += 1
            tell(step, answer)
    return played


def accounts(file: Path) -> dict[str, str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CannotPlay(f"{file}: {error.strerror}. `make run` makes the exercise's accounts.") from None
    return dict(line.split(maxsplit=1) for line in lines if line.strip())


def client(base_url: str) -> httpx.Client:
    # SSL_CERT_FILE may name the centre's own certificate authority
    return httpx.Client(base_url=base_url, timeout=30, trust_env=False, verify=ssl.create_default_context())


def sign_in(desk: httpx.Client, name: str, passwords: Mapping[str, str]) -> None:
    desk.headers["sec-fetch-site"] = "same-origin"
    form = {"name": name, "password": password_of(name, passwords)}
    answer = patiently(lambda: desk.post("/sign-in", data=form))
    if not desk.cookies:
        raise CannotPlay(f"{name} could not sign in ({answer.status_code}).")


def get_token(phone: httpx.Client, name: str, passwords: Mapping[str, str]) -> None:
    wanted = {"name": name, "password": password_of(name, passwords), "device": str(uuid4())}
    answer = patiently(lambda: phone.post("/v1/tokens", json=wanted))
    if answer.is_error:
        raise CannotPlay(f"{name} could not sign in ({answer.status_code}).")
    phone.headers["authorization"] = f"Bearer {answer.json()['token']}"


def list_site(desk: httpx.Client) -> None:
    """The status 409 means that somebody has changed the school since an earlier run."""
    answer = patiently(lambda: desk.put(f"/registry/v1/sites/{scenario.SITE_ID}", json=scenario.SITE))
    if answer.is_error and answer.status_code != httpx.codes.CONFLICT:
        raise CannotPlay(f"The scenario's school was not added to the list of sites ({answer.status_code}).")


def password_of(name: str, passwords: Mapping[str, str]) -> str:
    if name not in passwords:
        raise CannotPlay(f"The exercise's account {name} is not in the accounts file.")
    return passwords[name]


def send(client: httpx.Client, step: Step) -> str:
    """Returns `accepted`, `spooled`, `duplicate`, or `refused`."""
    answer = patiently(lambda: client.post(step.path, json=step.body))
    if answer.is_success:
        return str(answer.json()["status"])
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise CannotPlay(f"{step.path} answered {answer.status_code}.")
    return "refused"


def patiently(call: Callable[[], httpx.Response]) -> httpx.Response:
    """Retry, like a phone, if no answer comes or the status is 429 or 503."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = call()
        except httpx.TransportError as error:
            failure = type(error).__name__
        else:
            if answer.status_code not in (httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS):
                return answer
            failure = str(answer.status_code)
        if time.monotonic() > end:
            raise CannotPlay(f"No answer for {PATIENCE_SECONDS:.0f} seconds ({failure}).")
        time.sleep(0.5)


def shown(step: Step, answer: str) -> None:
    console.print(f"  {datetime.now(UTC).astimezone():%H:%M:%S}  {answer:<9}  {step.says}")


def refuse(why: str) -> None:
    Console(stderr=True, highlight=False).print(f"[bold red]Not played.[/] {why}")
    raise typer.Exit(1)
