"""Writes an alert's Telegram message: the text of a mail, the newest state, and the buttons."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from services.alerts.acts.replies import SNOOZE_REASONS
from services.alerts.alerts import Alert
from services.alerts.delivery.notices import Cause, is_open, page_of
from services.alerts.delivery.state_lines import state_line
from services.alerts.delivery.texts import LOCALES, Text, Texts
from services.alerts.delivery.words import HazardWords
from services.alerts.sms.sms_texts import FURTHER
from services.alerts.telegram.button_data import Press, ShownAlert, data_of
from services.alerts.views import Assignee
from shared.events import AlertRaised
from shared.events.vocabulary import DeliveryChannel, Demand, Verdict
from shared.pages.catalogs import translations
from shared.pages.terms import N_, term

LONGEST = 4096  # Telegram refuses a message with more UTF-16 code units than this.
ENDING = 4  # Every message ends with this number of lines, which have the link and the centre's name.
CUT = "…"
# A message with one of these causes is short and silent, because the alert's first message is edited to show the full
# state.
SHORT = frozenset({Cause.ACKNOWLEDGED, Cause.RESOLVED})

ACKNOWLEDGE = N_("Acknowledge")
ON_BEHALF, START, TAKE_OVER = N_("On behalf of…"), N_("Start work"), N_("Take over")
ASSIGN, ON_DUTY = N_("Assign…"), N_("on duty")
SNOOZE, CLOSE, DETAILS = N_("Snooze 15 min"), N_("Close…"), N_("Details")
WHY_SNOOZE = N_("Why do you snooze the alert for 15 minutes?")
TO_WHOM = N_("To whom do you assign the alert?")
OTHERS = N_("Other people are on the page of the alert.")
WHICH_OUTCOME = N_("With which outcome do you close the alert?")

MOST_ASSIGNEES, LONGEST_ASSIGNEE = 8, 60
WITH_BUTTONS = 10  # A digest has links and buttons for at most this number of alerts.
# A digest reserves this number of characters for the count of further alerts and for the link to the board.
LAST_LINES = 400
IN_ROW = 3  # With more buttons in a row, a phone cuts their texts off.


SNOOZES = (Press.SNOOZE_TO_VERIFY, Press.SNOOZE_UNTIL_CALLED, Press.SNOOZE_ON_THE_WAY, Press.SNOOZE_OTHER_ALERT)
REASON_OF_PRESS = dict(zip(SNOOZES, SNOOZE_REASONS, strict=True))
OUTCOMES = {
    Press.CLOSE_CONFIRMED: Verdict.CONFIRMED,
    Press.CLOSE_FALSE_ALARM: Verdict.FALSE_ALARM,
    Press.CLOSE_DUPLICATE: Verdict.DUPLICATE,
    Press.CLOSE_EXPIRED: Verdict.EXPIRED,
    Press.CLOSE_CANCELLED: Verdict.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Button:
    """A button that has no `data` opens `url`. Telegram sends `data` back when somebody presses the button."""

    text: str
    data: str | None = None
    url: str | None = None

    @property
    def json(self) -> dict[str, str]:
        target = {"callback_data": self.data} if self.data is not None else {"url": self.url or ""}
        return {"text": self.text, **target}


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """The first line is the title, in bold."""

    title: str
    body: str
    rows: tuple[tuple[Button, ...], ...] = ()
    is_silent: bool = False

    @property
    def text(self) -> str:
        return f"{self.title}\n{self.body}" if self.body else self.title

    @property
    def buttons(self) -> list[Button]:
        return [button for row in self.rows for button in row]

    @property
    def without_links(self) -> "ChatMessage":
        return replace(self, rows=tuple(row for row in self.rows if all(button.data for button in row)))

    @property
    def without_actions(self) -> "ChatMessage":
        return replace(self, rows=tuple(row for row in self.rows if not any(button.data for button in row)))

    @property
    def fields(self) -> dict[str, Any]:
        """The text has no markup, so nothing must be escaped."""
        keyboard = [[button.json for button in row] for row in self.rows]
        return {
            "text": self.text,
            "entities": [{"type": "bold", "offset": 0, "length": units(self.title)}],
            "reply_markup": {"inline_keyboard": keyboard} if keyboard else None,
            "link_preview_options": {"is_disabled": True},
        }


@dataclass(frozen=True, slots=True)
class DigestItem:
    state: Alert | AlertRaised
    cause: str
    delivery_id: UUID


class ChatMessages:
    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def of(
        self,
        state: Alert | AlertRaised,
        cause: str,
        language: str,
        delivery_id: UUID,
        words: HazardWords | None = None,
        *,
        is_internal: bool,
    ) -> ChatMessage:
        """Builds the message of one delivery. `is_internal` is true if the receiver belongs to the centre."""
        cause = shown_cause(state, cause)
        if cause in SHORT:
            return ChatMessage(self._subject(state, cause, language), state_line(state, language), is_silent=True)
        return self.whole(state, cause, language, delivery_id, words, is_internal=is_internal)

    def whole(
        self,
        state: Alert | AlertRaised,
        cause: str,
        language: str,
        delivery_id: UUID,
        words: HazardWords | None = None,
        *,
        is_internal: bool,
    ) -> ChatMessage:
        """Builds the text to which an alert's first message is edited."""
        event = event_of(state)
        text = self._texts.of(event, cause, language, words, DeliveryChannel.TELEGRAM)
        rows = self._rows(event, language, delivery_id, is_internal=is_internal)
        return ChatMessage(text.subject, bounded(text, state_line(state, language)), rows)

    def digest(self, items: Sequence[DigestItem], language: str) -> ChatMessage:
        """Alerts are numbered in the order of `items`.

        Each of the first alerts has a title, a state, a link and a button. For all further alerts, the message lists as
        many titles as fit, and the link to the board. If several items are about one alert, only the last item counts.
        """
        _ = translations(language, LOCALES).gettext
        latest = {item.state.alert_id: item for item in items}
        listed = list(latest.values())
        title = _("Alerts: {count}").format(count=len(listed))
        space, parts, buttons = LONGEST - LAST_LINES - units(title), list[str](), list[Button]()
        for number, item in enumerate(listed[:WITH_BUTTONS], 1):
            part = f"{number}. {self._item(item, language)}"
            space -= units(part) + 2
            if space < 0:
                break
            parts.append(part)
            if item.state.demand is Demand.ACKNOWLEDGEMENT:
                shown = ShownAlert(item.delivery_id, item.state.sequence)
                buttons.append(Button(f"{_(ACKNOWLEDGE)} {number}", data_of(Press.ACCEPT, shown)))
        if len(parts) < len(listed):
            parts.append(self._further(listed, len(parts), language, LONGEST - units("\n\n".join([title, *parts])) - 2))
        rows = [tuple(buttons[begin : begin + IN_ROW]) for begin in range(0, len(buttons), IN_ROW)]
        return ChatMessage(title, "\n\n".join(parts), tuple(rows))

    def _item(self, item: DigestItem, language: str) -> str:
        link = page_of(item.state.alert_id, self._texts.public_url)
        subject = self._subject(item.state, item.cause, language)
        return "\n".join(filter(None, (subject, state_line(item.state, language), link)))

    def _subject(self, state: Alert | AlertRaised, cause: str, language: str) -> str:
        return self._texts.subject(event_of(state), shown_cause(state, cause), language)

    def _further(self, listed: Sequence[DigestItem], begin: int, language: str, space: int) -> str:
        _ = translations(language, LOCALES).gettext
        titles = [
            f"{number}. {self._subject(item.state, item.cause, language)}"
            for number, item in enumerate(listed[begin:], begin + 1)
        ]
        link = f"{self._texts.public_url}/"
        for count in range(len(titles), -1, -1):
            more = [_(FURTHER).format(count=len(titles) - count)] if count < len(titles) else []
            text = "\n".join([*titles[:count], *more, link])
            if units(text) <= space:
                break
        return text

    def reasons(self, language: str, shown: ShownAlert) -> ChatMessage:
        _ = translations(language, LOCALES).gettext
        rows = tuple((Button(_(text), data_of(press, shown)),) for press, text in REASON_OF_PRESS.items())
        return ChatMessage(_(WHY_SNOOZE), "", rows, is_silent=True)

    def people(self, language: str, shown: ShownAlert, people: Sequence[Assignee]) -> ChatMessage:
        _ = translations(language, LOCALES).gettext
        rows = list[tuple[Button, ...]]()
        for person in people[:MOST_ASSIGNEES]:
            duty = f"({_(ON_DUTY)})" if person.is_on_duty else ""
            text = ", ".join(filter(None, (person.name, person.post)))[:LONGEST_ASSIGNEE].rstrip()
            data = data_of(Press.ASSIGN_TO, replace(shown, assignee=person.account_id))
            rows.append((Button(f"{text} {duty}".rstrip(), data),))
        body = _(OTHERS) if len(people) > MOST_ASSIGNEES else ""
        return ChatMessage(_(TO_WHOM), body, tuple(rows), is_silent=True)

    def outcomes(self, language: str, shown: ShownAlert) -> ChatMessage:
        _ = translations(language, LOCALES).gettext
        choices = ((term("verdict", verdict, _), data_of(press, shown)) for press, verdict in OUTCOMES.items())
        return ChatMessage(_(WHICH_OUTCOME), "", tuple((Button(*choice),) for choice in choices), is_silent=True)

    def _rows(
        self, alert: AlertRaised, language: str, delivery_id: UUID, *, is_internal: bool
    ) -> tuple[tuple[Button, ...], ...]:
        """External receivers have no button "Assign…", because its question would show the names of colleagues."""
        _ = translations(language, LOCALES).gettext
        data = partial(data_of, shown=ShownAlert(delivery_id, alert.sequence))
        work = (START, Press.START) if alert.progressed_at is None else (TAKE_OVER, Press.TAKE_OVER)
        rows: list[tuple[Button, ...]] = []
        if alert.demand is Demand.ACKNOWLEDGEMENT:
            rows.append(
                (
                    Button(_(ACKNOWLEDGE), data(Press.ACCEPT)),
                    Button(_(ON_BEHALF), data(Press.ON_BEHALF)),
                )
            )
        if is_open(alert):
            rows.append(
                (
                    Button(_(work[0]), data(work[1])),
                    Button(_(SNOOZE), data(Press.SNOOZE)),
                )
            )
            assign = (Button(_(ASSIGN), data(Press.ASSIGN)),) if is_internal else ()
            rows.append((*assign, Button(_(CLOSE), data(Press.CLOSE))))
        if is_linkable(self._texts.public_url):
            rows.append((Button(_(DETAILS), url=page_of(alert.alert_id, self._texts.public_url)),))
        return tuple(rows)


def in_digest_order(items: Sequence[DigestItem]) -> list[DigestItem]:
    """A new digest begins with the alerts that somebody must acknowledge.

    An edit keeps the order in which the digest was sent, because people know an alert by its number.
    """
    return sorted(items, key=lambda item: item.state.demand is not Demand.ACKNOWLEDGEMENT)


def shown_cause(state: Alert | AlertRaised, cause: str) -> str:
    """Returns the cause that the title shows.

    A title must not say "Not acknowledged" if somebody has acknowledged since.
    """
    return Cause.RAISED if cause == Cause.ESCALATED and state.acknowledged_at is not None else cause


def event_of(state: Alert | AlertRaised) -> AlertRaised:
    return state if isinstance(state, AlertRaised) else AlertRaised.model_validate(state, from_attributes=True)


def bounded(text: Text, state: str) -> str:
    """Cuts off a text that is too long for one message, and keeps the link at its end."""
    lines = text.body.splitlines()
    head, ending = "\n".join(lines[:-ENDING]), "\n".join(lines[-ENDING:])
    if state:
        head = f"{state}\n\n{head}"
    space = LONGEST - units(text.subject) - units(ending) - 3
    if units(head) > space:
        head = head.encode("utf-16-le")[: 2 * space].decode("utf-16-le", "ignore") + CUT
    return f"{head}\n{ending}"


def units(text: str) -> int:
    """Returns the length in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def is_linkable(url: str) -> bool:
    """For one wrong address in a button, Telegram refuses the whole message."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return "." in host
