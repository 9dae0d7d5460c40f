"""`dayar policy` keeps escalation policies: who is notified at which step, and how long each step waits."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cli import security_log
from cli.files import BadFile, content
from cli.refusals import refuse_change
from cli.transactions import within
from services.alerts.config import AlertsSettings
from services.alerts.definitions import MOST_BYTES
from services.alerts.policies import definitions as policy_definitions
from services.alerts.policies.definitions import InvalidPolicy
from services.alerts.policies.forms import MOST_POLICIES
from services.alerts.policies.policies import EscalationPolicy, PolicyStep, policy_id
from services.alerts.policies.staff import Staff
from services.alerts.queries import policies as policy_queries
from services.alerts.queries import staff as staff_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import is_absent
from shared.audit import Action
from shared.country import COUNTRY
from shared.errors import DocumentedError
from shared.places import Places

T = TypeVar("T")

app = typer.Typer(help="Escalation policies.", no_args_is_help=True, add_completion=False)
Name = Annotated[str, typer.Argument(help="The policy.")]


class PolicyNotFound(DocumentedError):
    """There is no escalation policy of this name."""


@app.command("list")
def list_all() -> None:
    """List the policies with their steps, in their order of precedence."""

    async def read(session: AsyncSession) -> tuple[list[EscalationPolicy], Staff]:
        return await policy_queries.policies(session), await staff_queries.staff(session)

    policies, staff = run(read)
    if not policies:
        typer.echo("There is no escalation policy.", err=True)
    for policy in policies:
        typer.echo(f"{policy.position}  {policy.name}: {', '.join(conditions(policy))}")
        for number, step in enumerate(policy.steps, 1):
            typer.echo(f"   {number}. {described(step)}")
            if (most := staff.most_acknowledgements(step)) < step.acknowledgements:
                typer.echo(f"      At most {most} can acknowledge, so the next step is always notified.")
        if missing := staff.left(policy):
            typer.echo(f"   No longer a receiver or roster: {', '.join(missing)}.")
    heads = [receiver for receiver in staff.receivers if receiver.is_duty_head]
    if present := [head.label for head in heads if not is_absent(head, staff.disabled_accounts)]:
        typer.echo(f"Duty heads, notified after the last step: {', '.join(present)}.")


@app.command()
def show(name: Name) -> None:
    """Print the definition of a policy in the JSON format that `save` reads."""

    async def read(session: AsyncSession) -> EscalationPolicy:
        return await known(session, name)

    typer.echo(policy_definitions.written(run(read)))


@app.command()
def save(
    file: Annotated[
        Path, typer.Argument(help="The definition in TOML or JSON; - for standard input.", allow_dash=True)
    ],
) -> None:
    """Add a policy, or replace it."""
    try:
        policy = policy_definitions.read(content(file, MOST_BYTES))
    except (BadFile, InvalidPolicy) as error:
        refuse_change(str(error))
    places = Places.load(AlertsSettings().places_path)

    async def put(session: AsyncSession) -> list[str]:
        await subscriptions.lock(session)
        if wrong := policy_definitions.faults(policy, places, await staff_queries.staff(session)):
            return [f"{fault.name}: {fault}" for fault in wrong]
        names = {policy.name for policy in await policy_queries.policies(session)}
        if len(names | {policy.name}) > MOST_POLICIES:
            return [f"There can be at most {MOST_POLICIES} policies."]
        await policy_queries.save(session, policy)
        await note(session, policy, "changed" if policy.name in names else "added")
        return []

    if faults := run(put):
        refuse_change(" ".join(faults))
    typer.echo(f"{policy.name} is saved. Steps: {len(policy.steps)}.")


@app.command()
def remove(name: Name) -> None:
    """Remove a policy. After the removal, another policy or the steps of the receivers decide who is notified."""

    async def drop(session: AsyncSession) -> None:
        await subscriptions.lock(session)
        policy = await known(session, name)
        await policy_queries.remove(session, policy.name)
        await note(session, policy, "removed")

    run(drop)
    typer.echo(f"{name} is removed.")


def conditions(policy: EscalationPolicy) -> Sequence[str]:
    repeated = [f"repeated {policy.repeats} times"] if policy.repeats else []
    ends = ["ends for Moderate and Minor alerts"] if policy.ends else []
    return [*(policy.severities or ["every severity"]), *(policy.areas or [COUNTRY]), *policy.hazards, *repeated, *ends]


def described(step: PolicyStep) -> str:
    names = [*step.receivers, *(f"on duty in {roster}" for roster in step.rosters)]
    return f"{', '.join(names)}: {step.acknowledgements} must acknowledge within {step.minutes} minutes"


async def known(session: AsyncSession, name: str) -> EscalationPolicy:
    for policy in await policy_queries.policies(session):
        if policy.name == name:
            return policy
    raise PolicyNotFound(name)


async def note(session: AsyncSession, policy: EscalationPolicy, reason: str) -> None:
    await security_log.note(session, Action.POLICY_CHANGED, "dayar policy", [policy_id(policy)], reason=reason)


def run(deed: Callable[[AsyncSession], Awaitable[T]]) -> T:
    try:
        return asyncio.run(within("alerts", deed))
    except PolicyNotFound as error:
        refuse_change(str(error))
