"""`dayar template` keeps the centre's own wording of messages, as the page of message templates does."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cli import security_log
from cli.deciding import By, decider
from cli.refusals import refuse_change
from cli.transactions import within
from services.alerts.config import AlertsSettings
from services.alerts.delivery.messages import Messages
from services.alerts.delivery.texts import Texts
from services.alerts.message_templates.forms import form_of
from services.alerts.message_templates.pages import ONLY_COUNTRY
from services.alerts.message_templates.previews import Preview, name_of, previews
from services.alerts.message_templates.templates import CHANNELS, EVERY, MessageTemplate, fault_of
from services.alerts.queries import message_templates as template_queries
from services.alerts.sms.sms_texts import SmsTexts
from services.console.models import Account
from shared.audit import Action
from shared.auth.role_groups import RECEIVER_KEEPERS
from shared.country import COUNTRY, TIME_ZONE
from shared.events.vocabulary import HazardType, Severity
from shared.pages.languages import LANGUAGES
from shared.pages.typed_forms import Fault
from shared.places import Places

NOBODY = UUID(int=0)

app = typer.Typer(help="Message templates.", no_args_is_help=True, add_completion=False)
Channel = StrEnum("Channel", {channel.name: channel.value for channel in CHANNELS})  # type: ignore[misc]
Language = StrEnum("Language", {language: language for language in LANGUAGES})  # type: ignore[misc]

OfChannel = Annotated[Channel, typer.Option("--channel", help="The channel of the messages.")]
InLanguage = Annotated[Language, typer.Option("--language", help="The language of the receivers.")]
OfHazard = Annotated[HazardType | None, typer.Option("--hazard", help="A type of hazard; without it all alerts.")]
OfSeverity = Annotated[Severity | None, typer.Option("--severity", help="A severity; without it every severity.")]


@app.command("list")
def list_all() -> None:
    """List the templates, and say which of them cannot be used."""
    templates = asyncio.run(within("alerts", template_queries.templates))
    if not templates:
        typer.echo("There are no templates.", err=True)
    for template in templates:
        typer.echo(f"{described(template)}: {template.text!r}")
        if fault := fault_of(template.text, template.channel):
            typer.echo(f"   Not usable, so messages have the standard text. {fault}")
        elif template.skipped_at is not None:
            at = f"{template.skipped_at.astimezone(TIME_ZONE):%Y-%m-%d %H:%M}"
            typer.echo(f"   {at}: a message was too long and had the standard text.")


@app.command("set")
def set_text(
    text: Annotated[str, typer.Argument(help="The text with fields such as {places}; an empty text is no template.")],
    channel: OfChannel,
    language: InLanguage,
    by: By,
    hazard: OfHazard = None,
    severity: OfSeverity = None,
) -> None:
    """Replace the template of a channel and a language, or remove it. The text contains no personal data."""

    async def put() -> list[Fault]:
        account = await decider(by, RECEIVER_KEEPERS)
        return await within("alerts", lambda session: save(session, account))

    async def save(session: AsyncSession, account: Account) -> list[Fault]:
        await template_queries.lock(session)
        stored, now = await template_queries.templates(session), datetime.now(UTC)
        form = form_of(hazard or EVERY, severity or EVERY, stored).with_text(name_of(channel, language), text)
        wanted, faults = form.parsed(account.account_id, now)
        faults += previews(messages(), stored, wanted, form.condition, now)[1]
        if COUNTRY not in account.areas:
            faults.append(Fault("condition", ONLY_COUNTRY))
        own = [fault for fault in faults if fault.name in (name_of(channel, language), "condition")]
        if own:
            return own
        new = [template for template in wanted if (template.channel, template.language) == (channel, language)]
        kept = [
            template
            for template in stored
            if (template.hazard, template.severity) == form.condition
            and (template.channel, template.language) != (channel, language)
        ]
        await template_queries.replace(session, *form.condition, [*kept, *new])
        reason = " ".join(filter(None, form.condition)) or "all"
        changed = Action.TEMPLATES_CHANGED
        await security_log.note(session, changed, "dayar template", reason=reason, account=account.account_id)
        return []

    if faults := asyncio.run(put()):
        refuse_change(" ".join(map(str, faults)))
    typer.echo("Saved. New messages have this text after at most 10 seconds.")


@app.command()
def preview(
    channel: OfChannel,
    language: InLanguage,
    text: Annotated[str | None, typer.Argument(help="A text; without it, the stored template is shown.")] = None,
    hazard: OfHazard = None,
    severity: OfSeverity = None,
) -> None:
    """Print the example message with its size. Nothing is stored."""
    name, now = name_of(channel, language), datetime.now(UTC)
    stored = asyncio.run(within("alerts", template_queries.templates))
    form = form_of(hazard or EVERY, severity or EVERY, stored)
    wanted, faults = (form if text is None else form.with_text(name, text)).parsed(NOBODY, now)
    shown, too_long = previews(messages(), stored, wanted, form.condition, now)
    typer.echo(written(shown[name]))
    for fault in (*faults, *too_long):
        if fault.name == name:
            typer.echo(f"Not usable, so messages have the standard text. {fault}", err=True)


def messages() -> Messages:
    settings = AlertsSettings()
    texts = Texts.of_installation(Places.load(settings.places_path), settings)
    return Messages(texts, SmsTexts.of_installation(texts, settings))


def described(template: MessageTemplate) -> str:
    condition = f"{template.hazard or 'all alerts'}, {template.severity or 'every severity'}"
    return f"{condition}, {template.channel}, {template.language}"


def written(example: Preview) -> str:
    text = example.message.text
    whole = f"{text.subject}\n{text.body}".strip()
    sizes = [
        f"{alphabet}: {len(segments.texts)} parts, {segments.units} of {segments.space} characters, {segments.encoding}"
        for alphabet, segments in example.spellings.items()
    ]
    origin = "With a template." if example.is_worded else "With the standard text."
    return "\n".join([whole, "", origin, *(sizes or [f"{example.length} characters"])])
