"""The results of answers to messages, and the sentence that tells a person the result."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from services.alerts.alerts import Alert
from services.alerts.delivery.state_lines import state_line
from services.alerts.delivery.texts import LOCALES
from shared.pages.catalogs import translations
from shared.pages.formats import filters
from shared.pages.terms import N_, term


class ReplyResult(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    PARTLY_ACKNOWLEDGED = "partly_acknowledged"
    ACKNOWLEDGED_BY_OTHER = "acknowledged_by_other"
    STARTED = "started"
    IN_PROGRESS_BY_OTHER = "in_progress_by_other"
    TAKEN_OVER = "taken_over"
    SNOOZED = "snoozed"
    SNOOZED_BY_OTHER = "snoozed_by_other"
    ASSIGNED = "assigned"
    ASSIGNEE_MISSING = "assignee_missing"
    ASSIGNEE_NOT_FOUND = "assignee_not_found"
    ASSIGNEE_NOT_PERMITTED = "assignee_not_permitted"
    NO_ASSIGNEE = "no_assignee"
    NAMES_WITHHELD = "names_withheld"
    COMMENTED = "commented"
    TEXT_MISSING = "text_missing"
    NAME_TOO_LONG = "name_too_long"
    CLOSED_BY_SELF = "closed_by_self"
    OUTCOME_MISSING = "outcome_missing"
    CLOSED = "closed"
    CHANGED_MEANWHILE = "changed_meanwhile"
    TOO_OLD = "too_old"
    NOT_FOUND = "not_found"
    UNREADABLE = "unreadable"
    WRONG_CODE = "wrong_code"
    ONLY_ACKNOWLEDGES = "only_acknowledges"
    NO_ACCOUNT = "no_account"
    NOT_BOUND = "not_bound"
    NOT_PERMITTED = "not_permitted"
    ACCESS_ENDED = "access_ended"
    ACCESS_UNKNOWN = "access_unknown"


SENTENCES = {
    ReplyResult.ACKNOWLEDGED: N_("Acknowledged by you, {time}."),
    ReplyResult.PARTLY_ACKNOWLEDGED: N_("Your acknowledgement is recorded. More people must acknowledge this alert."),
    ReplyResult.ACKNOWLEDGED_BY_OTHER: N_("Already acknowledged by {name}, {time}."),
    ReplyResult.STARTED: N_("In progress: you work on it, {time}."),
    ReplyResult.IN_PROGRESS_BY_OTHER: N_("Not done: {name} works on it since {time}. You can take the alert over."),
    ReplyResult.TAKEN_OVER: N_("Taken over by you, {time}."),
    ReplyResult.SNOOZED: N_("Snoozed by you until {time}. The alert then rings again."),
    ReplyResult.SNOOZED_BY_OTHER: N_("Already snoozed by {name} until {time}."),
    ReplyResult.ASSIGNED: N_("Assigned by you to {name}, {time}. The alert goes on escalating until this person acts."),
    ReplyResult.ASSIGNEE_MISSING: N_("Not assigned. Write {example} and one of these names:"),
    ReplyResult.ASSIGNEE_NOT_FOUND: N_("Not assigned: this person no longer gets alerts like this one."),
    ReplyResult.ASSIGNEE_NOT_PERMITTED: N_(
        "Not assigned: this person must first open the board as an operator or a head of shift."
    ),
    ReplyResult.NO_ASSIGNEE: N_("No other person with an account gets alerts like this one and has opened the board."),
    ReplyResult.NAMES_WITHHELD: N_(
        "Not assigned: this chat is not the centre's own, so the names of colleagues are not shown here. Use the board."
    ),
    ReplyResult.COMMENTED: N_("Your comment is recorded."),
    ReplyResult.TEXT_MISSING: N_("Not done: write your reason, comment or name after the code, like: {example}"),
    ReplyResult.NAME_TOO_LONG: N_("Not done: write the name only, in at most 150 characters."),
    ReplyResult.CLOSED_BY_SELF: N_("Closed by you, {time}: {verdict}."),
    ReplyResult.OUTCOME_MISSING: N_("Not closed. Write {example} and the number of the outcome:"),
    ReplyResult.CLOSED: N_("This alert is closed since {time}: {verdict}."),
    ReplyResult.CHANGED_MEANWHILE: N_(
        "Not done: somebody has acted meanwhile, or the alert is graver. Now: {state}. Check, then choose again."
    ),
    ReplyResult.TOO_OLD: N_(
        "Not done: this message is older than 48 hours. Use the newest message about the alert, or the board."
    ),
    ReplyResult.NOT_FOUND: N_("There is no such alert in your areas."),
    ReplyResult.UNREADABLE: N_(
        "Not done: the data of this alert cannot be read. It does not escalate. Call the people on duty and the "
        "administrator."
    ),
    ReplyResult.WRONG_CODE: N_("Wrong code. Reply 1 and the four digits of the message about the alert, like: 1 4711."),
    ReplyResult.ONLY_ACKNOWLEDGES: N_(
        "Not done: this code only acknowledges. To acknowledge, reply: {example}. Use the board for all else."
    ),
    ReplyResult.NO_ACCOUNT: N_("Not done: no account belongs to this number. Use the board or the telephone."),
    ReplyResult.NOT_BOUND: N_("Not done: bind your account first."),
    ReplyResult.NOT_PERMITTED: N_("Not done: your account may not act on alerts."),
    ReplyResult.ACCESS_ENDED: N_(
        "Not done: the rights or the password of your account changed. Bind your account again."
    ),
    ReplyResult.ACCESS_UNKNOWN: N_("Not done: your account cannot be checked now. Use the board or the telephone."),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """`alert` is None if the person may not see the alert.

    If the typed name fits no person or several people, `names` has the possible assignees. If an SMS reply answers an
    outdated state of the alert, `newest_code` is the code of the newest state.
    """

    result: ReplyResult
    alert: Alert | None = None
    names: tuple[str, ...] = ()
    newest_code: str | None = None

    @property
    def is_done(self) -> bool:
        return self.result in DONE


DONE = frozenset(
    {
        ReplyResult.ACKNOWLEDGED,
        ReplyResult.PARTLY_ACKNOWLEDGED,
        ReplyResult.STARTED,
        ReplyResult.TAKEN_OVER,
        ReplyResult.SNOOZED,
        ReplyResult.ASSIGNED,
        ReplyResult.COMMENTED,
        ReplyResult.CLOSED_BY_SELF,
    }
)
DEEDS = {
    ReplyResult.STARTED: "progressed",
    ReplyResult.IN_PROGRESS_BY_OTHER: "progressed",
    ReplyResult.TAKEN_OVER: "progressed",
    ReplyResult.SNOOZED: "snoozed",
    ReplyResult.SNOOZED_BY_OTHER: "snoozed",
    ReplyResult.ASSIGNED: "assigned",
    ReplyResult.CLOSED_BY_SELF: "resolved",
    ReplyResult.CLOSED: "resolved",
}


def sentence(reply: Reply, language: str) -> str:
    _, clock = translations(language, LOCALES).gettext, filters(language)["short_moment"]
    text = _(SENTENCES[reply.result])
    alert = reply.alert
    if alert is None:
        return text
    deed = DEEDS.get(reply.result, "acknowledged")
    at = alert.snoozed_until if deed == "snoozed" else getattr(alert, f"{deed}_at")
    verdict = term("verdict", alert.verdict, _) if alert.verdict else ""
    time, name = clock(at or datetime.now(UTC)), getattr(alert, f"{deed}_name")
    return text.format(name=name, time=time, verdict=verdict, state=summary(alert, language))


def summary(alert: Alert, language: str) -> str:
    _ = translations(language, LOCALES).gettext
    deeds = state_line(alert, language).splitlines() or [term("work", alert.work, _)]
    return "; ".join([term("severity", alert.severity, _), *deeds])
