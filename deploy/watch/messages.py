"""The text of a message to the administrators."""

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from babel.support import NullTranslations

from deploy.watch.tracked_findings import Occasion, Report
from shared.pages import findings
from shared.pages.catalogs import translations
from shared.pages.formats import filters

LONGEST_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class Message:
    subject: str
    body: str
    reports: Sequence[Report] = ()


def message(reports: Sequence[Report], language: str, public_url: str) -> Message:
    known = translations(language)
    lines = [_lines(report, language, known) for report in reports]
    texts = findings.OF_MESSAGES
    footer = known.gettext(texts["footer"]).format(host=socket.gethostname(), url=f"{public_url}/status")
    return Message(_subject(reports, language, known), "\n\n".join([*lines, f"-- \n{footer}\n"]), reports)


def trial_message(language: str, public_url: str) -> Message:
    known, texts = translations(language), findings.OF_MESSAGES
    footer = known.gettext(texts["footer"]).format(host=socket.gethostname(), url=f"{public_url}/status")
    return Message(known.gettext(texts["test"]), f"{known.gettext(texts['test_body'])}\n\n-- \n{footer}\n")


def _subject(reports: Sequence[Report], language: str, known: NullTranslations) -> str:
    first, *others = reports
    more = f" (+{len(others)})" if others else ""
    sentence = findings.sentence(first.tracked.finding, language, known.gettext)
    subject = f"{_head(first, known)}: {sentence.removesuffix('.')}"
    return f"{subject[: LONGEST_SUBJECT - len(more)]}{more}"


def _head(report: Report, known: NullTranslations) -> str:
    is_over = report.occasion is Occasion.RECOVERED
    return known.gettext(
        findings.OF_MESSAGES["recovered"] if is_over else findings.LEVELS[report.tracked.finding.level]
    )


def _lines(report: Report, language: str, known: NullTranslations) -> str:
    return "\n".join(_paragraph(report, language, known))


def _paragraph(report: Report, language: str, known: NullTranslations) -> Iterable[str]:
    tracked, moment, texts = report.tracked, filters(language)["moment"], findings.OF_MESSAGES
    yield f"{_head(report, known)}: {findings.sentence(tracked.finding, language, known.gettext)}"
    if tracked.ended_at is not None:
        yield known.gettext(texts["over"]).format(since=moment(tracked.since), until=moment(tracked.ended_at))
        return
    yield known.gettext(texts["since"]).format(since=moment(tracked.since))
    yield known.gettext(texts["what_to_do"]).format(advice=findings.advice(tracked.finding, known.gettext))
