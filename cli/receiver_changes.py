"""Runs a change of receivers in a transaction, and says why a change was refused."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy.ext.asyncio import AsyncSession

from cli import security_log
from cli.transactions import within
from services.alerts.config import AlertsSettings
from services.alerts.receivers import trials as receiver_trials
from services.alerts.receivers.subscriptions import FormerSecretInUse, NoWebhook, ReceiverNotFound
from shared.audit import Action

T = TypeVar("T")


errors = Console(stderr=True, highlight=False)


def change_and_note(label: str, reason: str, deed: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def change(session: AsyncSession) -> T:
        result = await deed(session)
        await note(session, label, reason)
        return result

    return run(own_settings(), change)


async def note(session: AsyncSession, label: str, reason: str) -> None:
    objects = [receiver_trials.receiver_id(label)]
    await security_log.note(session, Action.RECEIVER_CHANGED, "dayar receiver", objects, reason=reason)


def own_settings() -> AlertsSettings:
    return AlertsSettings().for_service("alerts")


def run(settings: AlertsSettings, deed: Callable[[AsyncSession], Awaitable[T]]) -> T:
    try:
        return asyncio.run(within("alerts", deed, settings))
    except ReceiverNotFound as error:
        refuse(f"There is no receiver called {error}.")
    except NoWebhook as error:
        refuse(f"{error} has no webhook, and therefore no secret.")
    except FormerSecretInUse as error:
        refuse(f"The former secret of {error} still signs. First run `dayar receiver retire`, then `rotate`.")


def refuse(why: str) -> NoReturn:
    errors.print(f"[bold red]Nothing was changed.[/] {escape(why)}")
    raise typer.Exit(1)
