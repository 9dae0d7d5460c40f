"""Writes an alert's SMS: at most two parts, with the facts that a person needs at night."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Self
from uuid import UUID

from services.alerts.alerts import Alert
from services.alerts.config import AlertsSettings
from services.alerts.delivery.notices import TRIAL_RULE, Cause, page_of
from services.alerts.delivery.state_lines import NAMING, deed_line
from services.alerts.delivery.texts import LOCALES, Texts, cause_text, time_of
from services.alerts.delivery.words import NAMED_SITES, HazardWords, printable, site_lines, site_names
from services.alerts.sms import profiles
from services.alerts.sms.alphabets import Alphabet, spelled
from services.alerts.sms.segments import JOINED, Encoding, Segments, segments_of
from shared.events import AlertRaised
from shared.events.vocabulary import DeliveryChannel, Demand, Scope, Verification
from shared.pages.catalogs import translations
from shared.pages.formats import filters
from shared.pages.terms import N_, term

MOST_SEGMENTS = 2
MOST_CHARACTERS = MOST_SEGMENTS * JOINED[Encoding.GSM7]
CUT = "..."
LONGEST_NAME = 20  # Names are cut to this length, so that the place of the alert also fits into the SMS.
HIDDEN_CODE = "****"  # Pages show this text in place of the code, because only the reader of the SMS may know the code.
FURTHER = N_("and {count} more")
HOW_TO_REPLY = N_("To acknowledge, reply: 1 {code}")
HOW_TO_REPLY_TO_ALL = N_("To acknowledge all, reply: 1 {code}")
HOW_TO_START = N_("To start work, reply: 5 {code}")


class SmsTexts:
    def __init__(self, texts: Texts, alphabet: Alphabet, *, takes_replies: bool) -> None:
        self._texts, self._alphabet, self._takes_replies = texts, alphabet, takes_replies

    @classmethod
    def of_installation(cls, texts: Texts, settings: AlertsSettings) -> Self:
        profile = profiles.of_installation(settings)
        if profile is None:
            return cls(texts, Alphabet.KEPT, takes_replies=False)
        return cls(texts, profile.alphabet, takes_replies=profile.inbound is not None)

    def with_texts(self, texts: Texts, alphabet: Alphabet | None = None) -> "SmsTexts":
        return SmsTexts(texts, alphabet or self._alphabet, takes_replies=self._takes_replies)

    def of(
        self,
        alert: AlertRaised,
        cause: str,
        language: str,
        words: HazardWords | None = None,
        code: str | None = HIDDEN_CODE,
        state: Alert | AlertRaised | None = None,
    ) -> Segments:
        """The SMS has as many names of exposed sites as fit, and the link if there is room.

        An SMS contains no text of a report, because a locked telephone also shows an SMS. The centre's template
        replaces severity, title, places and time, unless the SMS would then have more than two parts. `state` is the
        stored alert, with the names of the people who acted.
        """
        code = code if self.asks_for_reply(alert, cause) else None
        news = news_of(cause, state or alert, language)
        return self._worded(alert, cause, news, language, words, code) or shortened(
            self._segments(draft, language) for draft in self._drafts(alert, cause, news, language, words, code)
        )

    def asks_for_reply(self, alert: AlertRaised, cause: str) -> bool:
        if cause == Cause.ASSIGNED:
            return self._takes_replies and alert.resolved_at is None
        return self._takes_replies and asks_for_acknowledgement(alert, cause)

    def acknowledged_together(self, alerts: Sequence[tuple[AlertRaised, str]]) -> list[int]:
        """If the SMS mentions an alert several times, only the newest mention counts."""
        if not self._takes_replies:
            return []
        newest = dict[UUID, int]()
        for position, (alert, _) in sorted(enumerate(alerts), key=lambda mention: mention[1][0].sequence):
            newest[alert.alert_id] = position
        return sorted(position for position in newest.values() if asks_for_acknowledgement(*alerts[position]))

    def digest(
        self, alerts: Sequence[tuple[AlertRaised, str]], language: str, code: str | None = HIDDEN_CODE
    ) -> Segments:
        """Lists as many titles as fit, the code that acknowledges all alerts, and the link to the board."""
        code = code if self.acknowledged_together(alerts) else None
        return shortened(self._segments(draft, language) for draft in self._drafts_of_digest(alerts, language, code))

    def fitting(self, texts: Iterable[str], language: str) -> list[str]:
        """Stops at the first text that does not fit, because writing 900 titles would take 10 seconds."""
        first, length = list[str](), 0
        for text in texts:
            length += len(self._segments(text, language).text)
            if length > MOST_CHARACTERS:
                break
            first.append(text)
        return first

    def title(self, alert: AlertRaised, language: str) -> str:
        return self._texts.title(alert, language)

    def answer(self, drafts: Sequence[str], language: str) -> Segments:
        """If no draft fits, cuts off the last draft."""
        return shortened(self._segments(draft, language) for draft in (*drafts, *cut(drafts[-1], 0)))

    def _worded(
        self,
        alert: AlertRaised,
        cause: str,
        news: Sequence[str],
        language: str,
        words: HazardWords | None,
        code: str | None,
    ) -> Segments | None:
        """Returns None if no template applies, or if the SMS would have more than two parts."""
        template = self._texts.templates.find(alert, DeliveryChannel.SMS, language)
        first_place = alert.model_copy(update={"pcodes": alert.pcodes[:1]})
        lines = [self._texts.worded(shown, language, DeliveryChannel.SMS) for shown in (alert, first_place)]
        if template is None or not all(lines):
            return None
        needed, banner = self._needed(cause, news, language, code), self._texts.banner(alert, language)
        known, further = translations(language, LOCALES), self._further(alert, cause, language, words)
        for most in range(number_of_sites(words), -1, -1):
            facts = sentences([*needed, *site_lines(alert, words, language, known, most), *further])
            whole, shorter = (f"{banner}{closed(' '.join(line or ()))} {facts}".rstrip() for line in lines)
            for draft in (f"{whole}\n{page_of(alert.alert_id, self._texts.public_url)}", whole, shorter):
                segments = self._segments(draft, language)
                if len(segments.texts) <= MOST_SEGMENTS:
                    return segments
        self._texts.templates.skip(template)
        return None

    def _drafts(
        self,
        alert: AlertRaised,
        cause: str,
        news: Sequence[str],
        language: str,
        words: HazardWords | None,
        code: str | None,
    ) -> Iterator[str]:
        """Drops the link first, then names of sites, then all places except one.

        The further facts are dropped before the last name of a site, because the name is worth more.
        """
        head = self._texts.subject(alert, Cause.RAISED, language)
        needed = self._needed(cause, news, language, code, time=self._time(alert, language))
        further, known = self._further(alert, cause, language, words), translations(language, LOCALES)
        for count, most in product(range(len(further), -1, -1), range(number_of_sites(words), 0, -1)):
            names = site_names(alert, words, language, known, most)
            whole = f"{head}: {names}. {sentences(needed + further[:count])}"
            yield f"{whole}\n{page_of(alert.alert_id, self._texts.public_url)}"
            yield whole
        whole = f"{head}. {sentences(needed + further)}"
        yield f"{whole}\n{page_of(alert.alert_id, self._texts.public_url)}"
        yield whole
        first_place = alert.model_copy(update={"pcodes": alert.pcodes[:1]})
        shortest = len(self._texts.subject(first_place, Cause.RAISED, language))
        for count in range(len(further), -1, -1):
            for draft in (f"{head}.", *cut(head, shortest)):
                yield f"{draft} {sentences(needed + further[:count])}"
        for draft in cut(head, 0):
            yield f"{draft} {sentences(needed)}"

    def _drafts_of_digest(
        self, alerts: Sequence[tuple[AlertRaised, str]], language: str, code: str | None
    ) -> Iterator[str]:
        """The first draft is the longest. Each further draft has one title fewer.

        Leaves out drafts whose titles alone are too long. If even the first title is too long, and no alert is Actual,
        the draft still begins with the exercise banner.
        """
        _ = translations(language, LOCALES).gettext
        head, link = _("Alerts: {count}").format(count=len(alerts)), f"{self._texts.public_url}/"
        how = [_(HOW_TO_REPLY_TO_ALL).format(code=code)] if code else []
        titles = self.fitting((self._texts.subject(alert, cause, language) for alert, cause in alerts), language)
        for count in range(len(titles), 0, -1):
            more = [_(FURTHER).format(count=len(alerts) - count)] if count < len(alerts) else []
            listed = "; ".join([*titles[:count], *more])
            yield f"{head}. {sentences([listed, *how]) if how else listed}\n{link}"
        banners = dict.fromkeys(self._texts.banner(alert, language) for alert, _cause in alerts)
        banner = "" if "" in banners else "".join(banners)
        short = sentences([f"{banner}{head}", *how])
        yield f"{short} {link}"
        yield short

    def _needed(
        self, cause: str, news: Sequence[str], language: str, code: str | None, *, time: str | None = None
    ) -> list[str]:
        _ = translations(language, LOCALES).gettext
        return [
            *news,
            *([time] if time else []),
            *([_(HOW_TO_START if cause == Cause.ASSIGNED else HOW_TO_REPLY).format(code=code)] if code else []),
        ]

    def _time(self, alert: AlertRaised, language: str) -> str:
        _ = translations(language, LOCALES).gettext
        return _(time_of(alert)).format(time=filters(language)["brief_moment"](alert.onset))

    def _further(self, alert: AlertRaised, cause: str, language: str, words: HazardWords | None) -> list[str]:
        """An SMS from a template always has these facts.

        An SMS without a template has as many of these facts as fit.
        """
        _ = translations(language, LOCALES).gettext
        is_restricted = words is not None and words.scope not in (None, Scope.PUBLIC)
        is_unverified = alert.verification is Verification.UNVERIFIED
        is_others = alert.assigned_at is not None and cause != Cause.ASSIGNED
        return [
            *([term("deed", "assigned", _)] if is_others else []),
            *([term("verification", alert.verification, _)] if is_unverified else []),
            *([_("Not for publication.").rstrip(".")] if is_restricted else []),
        ]

    def _segments(self, text: str, language: str) -> Segments:
        lines = text.split("\n")
        return segments_of("\n".join(printable(spelled(line, self._alphabet, language)) for line in lines))


def asks_for_acknowledgement(alert: AlertRaised, cause: str) -> bool:
    is_open = alert.acknowledged_at is None and cause not in (Cause.ACKNOWLEDGED, Cause.TAKEN_OVER, Cause.RESOLVED)
    return is_open and alert.demand is Demand.ACKNOWLEDGEMENT and alert.rule != TRIAL_RULE


def number_of_sites(words: HazardWords | None) -> int:
    return min(NAMED_SITES, len(words.sites)) if words else 0


def news_of(cause: str, state: Alert | AlertRaised, language: str) -> list[str]:
    """Returns nothing for a new alert."""
    if cause == Cause.RAISED:
        return []
    text = translations(language, LOCALES).gettext(cause_text(cause))
    deed = deed_line(state, language, LONGEST_NAME) if cause in NAMING else ""
    if deed and cause != Cause.TAKEN_OVER:
        return [deed]  # `deed` already begins with the cause.
    return [text, deed] if deed else [text]


def shortened(drafts: Iterator[Segments]) -> Segments:
    return next(segments for segments in drafts if len(segments.texts) <= MOST_SEGMENTS)


def sentences(facts: Sequence[str]) -> str:
    return "".join(f"{fact}. " for fact in facts).rstrip()


def closed(text: str) -> str:
    return text if text.endswith((".", "!", "?", ":", ";")) else f"{text}."


def cut(text: str, shortest: int) -> Iterator[str]:
    """Drops one more word from the end for each next text. Keeps at least the first `shortest` characters."""
    while (space := text.rfind(" ")) > 0 and space >= shortest:
        text = text[:space].rstrip(",")
        yield f"{text}{CUT}"
