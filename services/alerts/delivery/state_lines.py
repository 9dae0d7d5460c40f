"""Writes who acted on an alert, and when."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.alerts import Alert
from services.alerts.delivery.notices import Cause
from services.alerts.delivery.texts import LOCALES
from services.alerts.delivery.words import printable
from services.alerts.queries import alerts as alert_queries
from shared.events import AlertRaised
from shared.pages.catalogs import translations
from shared.pages.formats import filters
from shared.pages.terms import N_, term

NAMING = frozenset({Cause.ACKNOWLEDGED, Cause.TAKEN_OVER, Cause.RESOLVED})


async def newest_state(
    sessions: async_sessionmaker[AsyncSession] | None, event: AlertRaised, alert_id: UUID, cause: str
) -> Alert | AlertRaised:
    """Events have no names of people, so a message with names needs the stored alert."""
    if sessions is None or cause not in NAMING:
        return event
    async with sessions() as session:
        return await alert_queries.readable_alert(session, alert_id) or event


def state_line(state: Alert | AlertRaised, language: str) -> str:
    """Returns "" if nobody acted. An event as `state` yields lines without names."""
    lines = (deed_line(state, language), _assignment_line(state, language), _snooze_line(state, language))
    return "\n".join(filter(None, lines))


def _assignment_line(state: Alert | AlertRaised, language: str) -> str:
    if state.assigned_at is None or state.resolved_at is not None:
        return ""
    deed = term("deed", "assigned", translations(language, LOCALES).gettext)
    name = getattr(state, "assigned_name", None)
    at = filters(language)["short_moment"](state.assigned_at)
    return f"{deed}: {', '.join([printable(name), at] if name else [at])}"


def _snooze_line(state: Alert | AlertRaised, language: str) -> str:
    if state.snoozed_until is None or state.resolved_at is not None:
        return ""
    text = translations(language, LOCALES).gettext(N_("Snoozed until {time}"))
    name = getattr(state, "snoozed_name", None)
    line = text.format(time=filters(language)["short_moment"](state.snoozed_until))
    return f"{line}: {printable(name)}" if name else line


def deed_line(state: Alert | AlertRaised, language: str, longest_name: int | None = None) -> str:
    """A name is cut off after `longest_name` characters."""
    _ = translations(language, LOCALES).gettext
    for deed in ("resolved", "progressed", "acknowledged"):
        at, name = getattr(state, f"{deed}_at"), getattr(state, f"{deed}_name", None)
        if at is None:
            continue
        closing = [term("verdict", state.verdict, _)] if deed == "resolved" and state.verdict else []
        parts = [
            *closing,
            *([printable(name)[:longest_name].rstrip()] if name else []),
            filters(language)["short_moment"](at),
        ]
        return f"{term('deed', deed, _)}: {', '.join(parts)}"
    return ""
