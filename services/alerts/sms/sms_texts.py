"""Writes the short message of an alert. In at most two parts, it has the facts that a person needs at night."""

from collections.abc import Iterator, Sequence
from typing import Self

from services.alerts.config import AlertsSettings
from services.alerts.delivery.notices import TRIAL_RULE, Cause
from services.alerts.delivery.texts import LOCALES, Texts, cause_text, printable, time_of
from services.alerts.delivery.words import HazardWords
from services.alerts.sms import profiles
from services.alerts.sms.alphabets import Alphabet, spelled
from services.alerts.sms.segments import Segments, segments_of
from shared.events import AlertRaised
from shared.events.vocabulary import Demand, Scope, Verification
from shared.pages.catalogs import translations
from shared.pages.formats import filters
from shared.pages.terms import N_, term

MOST_SEGMENTS = 2
CUT = "..."
HIDDEN_CODE = "****"  # pages show this text in place of the code, which only the telephone's reader may know
HOW_TO_REPLY = N_("To acknowledge, reply: 1 {code}")


class SmsTexts:
    """Writes the short messages of this installation."""

    def __init__(self, texts: Texts, alphabet: Alphabet, *, takes_replies: bool) -> None:
        self._texts, self._alphabet, self._takes_replies = texts, alphabet, takes_replies

    @classmethod
    def of_installation(cls, texts: Texts, settings: AlertsSettings) -> Self:
        profile = profiles.of_installation(settings)
        if profile is None:
            return cls(texts, Alphabet.KEPT, takes_replies=False)
        return cls(texts, profile.alphabet, takes_replies=profile.inbound is not None)

    def of(
        self,
        alert: AlertRaised,
        cause: str,
        language: str,
        words: HazardWords | None = None,
        code: str | None = HIDDEN_CODE,
    ) -> Segments:
        """The message has the severity, title, places, cause, time and the code to reply. The link is added if it fits.

        No text of a report is included, because a locked telephone shows messages, too.
        """
        code = code if self.asks_for_reply(alert, cause) else None
        return shortened(self._segments(draft, language) for draft in self._drafts(alert, cause, language, words, code))

    def asks_for_reply(self, alert: AlertRaised, cause: str) -> bool:
        """Whether the message has a code with which the alert is acknowledged by SMS."""
        is_open = alert.acknowledged_at is None and cause not in (Cause.ACKNOWLEDGED, Cause.RESOLVED)
        is_asked = alert.demand is Demand.ACKNOWLEDGEMENT and alert.rule != TRIAL_RULE
        return self._takes_replies and is_open and is_asked

    def answer(self, text: str, language: str) -> Segments:
        """The answer to a person's message."""
        return shortened(self._segments(draft, language) for draft in (text, *cut(text, 0)))

    def _drafts(
        self, alert: AlertRaised, cause: str, language: str, words: HazardWords | None, code: str | None
    ) -> Iterator[str]:
        """Yields ever shorter texts. The link is left out first, then all places but one."""
        head = self._texts.subject(alert, Cause.RAISED, language)
        needed, further = self._facts(alert, cause, language, words, code)
        whole = f"{head}. {sentences(needed + further)}"
        yield f"{whole}\n{self._texts.public_url}/alerts/{alert.alert_id}"
        yield whole
        first_place = alert.model_copy(update={"pcodes": alert.pcodes[:1]})
        shortest = len(self._texts.subject(first_place, Cause.RAISED, language))
        for count in range(len(further), -1, -1):
            for draft in (f"{head}.", *cut(head, shortest)):
                yield f"{draft} {sentences(needed + further[:count])}"
        for draft in cut(head, 0):
            yield f"{draft} {sentences(needed)}"

    def _facts(
        self, alert: AlertRaised, cause: str, language: str, words: HazardWords | None, code: str | None
    ) -> tuple[list[str], list[str]]:
        """The facts that every message has, and the facts that are added only if they fit."""
        _ = translations(language, LOCALES).gettext
        is_restricted = words is not None and words.scope not in (None, Scope.PUBLIC)
        is_unverified = alert.verification is Verification.UNVERIFIED
        needed = [
            *([_(cause_text(cause))] if cause != Cause.RAISED else []),
            _(time_of(alert)).format(time=filters(language)["brief_moment"](alert.onset)),
            *([_(HOW_TO_REPLY).format(code=code)] if code else []),
        ]
        further = [
            *([term("verification", alert.verification, _)] if is_unverified else []),
            *([_("Not for publication.").rstrip(".")] if is_restricted else []),
        ]
        return needed, further

    def _segments(self, text: str, language: str) -> Segments:
        lines = text.split("\n")
        return segments_of("\n".join(printable(spelled(line, self._alphabet, language)) for line in lines))


def shortened(drafts: Iterator[Segments]) -> Segments:
    """The first draft that has at most two segments."""
    return next(segments for segments in drafts if len(segments.texts) <= MOST_SEGMENTS)


def sentences(facts: Sequence[str]) -> str:
    return "".join(f"{fact}. " for fact in facts).rstrip()


def cut(text: str, shortest: int) -> Iterator[str]:
    """Yields the text without its last word, then without its last two words, and so on.

    The first `shortest` characters stay.
    """
    while (space := text.rfind(" ")) > 0 and space >= shortest:
        text = text[:space].rstrip(",")
        yield f"{text}{CUT}"
