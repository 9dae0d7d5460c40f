"""The steps of a sign-in in a browser, and the command `dayar user`."""

import os
import pty
import time
from collections.abc import Callable
from unittest.mock import patch

import httpx
from typer import Typer
from typer.testing import CliRunner, Result

from cli import user
from deploy.local.process import wait_until
from tests.console.conftest import PASSWORD, Served
from tests.preloaded import forked

SOON = 60  # seconds; an idle machine needs at most 5


class Nobody:
    is_known = True
    known_since = None

    def is_readmitted(self, _: object) -> bool:
        return False

    def is_revoked(self, principal: object) -> bool:
        return False


def sign_in(client: httpx.Client, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return client.post("/sign-in", data={"name": name, "password": password, **more})


def at_the_next_second(act: Callable[[], httpx.Response]) -> httpx.Response:
    """Waits until the next second begins.

    Tokens state their time in whole seconds, and a test's two sign-ins need different times.
    """
    before = int(time.time())
    assert wait_until(lambda: int(time.time()) > before, timeout=SOON)
    return act()


def at_terminal(served: Served, *arguments: str) -> str:
    ours, theirs = pty.openpty()
    try:
        env = {**served.installation.env(), "PATH": "/usr/bin:/bin", "TERM": "dumb"}
        forked(["cli", *arguments], env, (theirs, theirs, theirs)).wait(timeout=600)
        return os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)


def dayar(served: Served, *words: str, typed: str = "", app: Typer = user.app) -> Result:
    with patch.dict(os.environ, served.installation.env()):
        return CliRunner().invoke(app, words, input=typed)
