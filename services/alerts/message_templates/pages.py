"""Serves the page that lists, edits and previews message templates."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request
from pydantic import Field
from starlette.responses import RedirectResponse, Response

from services.alerts.message_templates.forms import FIELDS as TEXT_FIELDS
from services.alerts.message_templates.forms import TemplatesForm, form_of
from services.alerts.message_templates.previews import name_of, previews
from services.alerts.message_templates.templates import CHANNELS, FIELDS, MessageTemplate, fault_of, fields_of, longest
from services.alerts.queries import message_templates as template_queries
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.vocabulary import HazardType, Severity
from shared.pages import Pages
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, expected_by_field, typed_of, version_of
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)
Caller = Annotated[Principal, Depends(tokens.current)]
Typed = Annotated[dict[str, Annotated[str, Field(max_length=5000)]], Field(max_length=20)]
CHANGED = N_(
    "Somebody else has changed these texts meanwhile. What you typed is kept: compare the texts, and save again."
)
NOTHING: Mapping[str, str] = MappingProxyType({})
ONLY_COUNTRY = N_("Templates are for the whole centre: only an account for the whole country changes them.")


@router.get("/templates")
async def templates_page(request: Request, session: Session, caller: Caller) -> Response:
    stored = await template_queries.templates(session)
    chosen = TemplatesForm({name: [value] for name, value in request.query_params.items()})
    return page(request, caller, form_of(*chosen.condition, stored), stored)


@router.post("/templates")
async def save(request: Request, session: Session, caller: Caller) -> Response:
    """Saves the templates of one hazard type and one severity. A fault in any text prevents the whole change."""
    form, now = TemplatesForm(typed_of(await request.form(max_fields=20))), datetime.now(UTC)
    await template_queries.lock(session)
    stored = await template_queries.templates(session)
    version = form.value("version")[:64]
    wanted, faults = form.parsed(caller.account, now)
    faults += previews(request.app.state.messages, stored, wanted, form.condition, now)[1]
    if not caller.covers_country:
        faults.append(Fault("condition", ONLY_COUNTRY))
    if form.value("act") == "preview":
        return page(request, caller, form, stored, faults, version=version, status=422 if faults else 200)
    if is_stale := version != version_of_texts(form.condition, stored):
        faults.append(Fault("version", CHANGED))
    if faults:
        newer = other_texts(form, stored) if is_stale else {}
        return page(request, caller, form, stored, faults, newer=newer, status=422)
    known = {template.key: template for template in stored}
    kept = [
        unchanged if (unchanged := known.get(template.key)) and unchanged.text == template.text else template
        for template in wanted
    ]
    await template_queries.replace(session, *form.condition, kept)
    reason = " ".join(filter(None, form.condition)) or "all"
    await audit.add(session, audit.entry_of(request, Action.TEMPLATES_CHANGED, reason=reason))
    hazard, severity = form.condition
    return RedirectResponse(f"/alerts/templates?hazard={hazard}&severity={severity}&saved=1", 303)


@router.post("/templates/preview")
async def preview(request: Request, session: Session, caller: Caller, typed: Annotated[Typed, Body()]) -> Response:
    """Returns the previews of the typed texts, as a part of the page. Nothing is stored."""
    form = TemplatesForm({name: [text] for name, text in typed.items()})
    stored = await template_queries.templates(session)
    return page(request, caller, form, stored, template="message-previews.html")


def page(
    request: Request,
    caller: Principal,
    form: TemplatesForm,
    stored: Sequence[MessageTemplate],
    faults: Sequence[Fault] = (),
    *,
    status: int = 200,
    template: str = "message-templates.html",
    version: str | None = None,
    newer: Mapping[str, str] = NOTHING,
) -> Response:
    """`version` is the version of the templates that the person has seen, or None for the newest version.

    `newer` has texts that somebody else saved meanwhile, and that the page shows beside the typed texts.
    """
    now = datetime.now(UTC)
    wanted, wrong = form.parsed(caller.account, now)
    shown, too_long = previews(request.app.state.messages, stored, wanted, form.condition, now)
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        template,
        status=status,
        form=form,
        wrong=expected_by_field(request, [*faults, *wrong, *too_long]),
        version=version_of_texts(form.condition, stored) if version is None else version,
        newer=newer,
        is_saved="saved" in request.query_params,
        is_refused=bool(faults),
        previews=shown,
        channels=CHANNELS,
        hazards=list(HazardType),
        severities=list(Severity),
        field_texts=FIELDS,
        fields_of=fields_of,
        longest=longest,
        name_of=name_of,
        stored=listed(stored),
        may_change=caller.covers_country,
    )


def version_of_texts(condition: tuple[str, str], stored: Iterable[MessageTemplate]) -> str:
    texts = [
        (template.channel, template.language, template.text)
        for template in stored
        if (template.hazard, template.severity) == condition
    ]
    return version_of(sorted(texts)) if texts else ""


def other_texts(form: TemplatesForm, stored: Iterable[MessageTemplate]) -> dict[str, str]:
    saved = form_of(*form.condition, stored)
    names = (name_of(channel, language) for channel, language in TEXT_FIELDS)
    return {name: saved.value(name) for name in names if saved.value(name).split() != form.value(name).split()}


def listed(stored: Sequence[MessageTemplate]) -> dict[tuple[str, str], list[tuple[MessageTemplate, bool]]]:
    """Each template is paired with True if this release can use it."""
    by_condition = dict[tuple[str, str], list[tuple[MessageTemplate, bool]]]()
    for template in stored:
        is_usable = fault_of(template.text, template.channel) is None
        by_condition.setdefault((template.hazard, template.severity), []).append((template, is_usable))
    return by_condition
