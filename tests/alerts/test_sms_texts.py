"""A short message states every fact in at most two parts, and uses only letters that telephones show."""

import pytest

from services.alerts import transitions
from services.alerts.config import AlertsSettings
from services.alerts.delivery.messages import Messages
from services.alerts.delivery.notices import Cause, Content
from services.alerts.delivery.state_lines import NAMING
from services.alerts.delivery.texts import Texts
from services.alerts.delivery.words import HazardWords
from services.alerts.rules.findings import Finding
from services.alerts.rules.hazard import decide
from services.alerts.sms.alphabets import Alphabet
from services.alerts.sms.segments import Encoding, segments_of
from services.alerts.sms.sms_texts import SmsTexts
from shared.events.vocabulary import Scope
from shared.places import Places
from tests.alerts.factories import ALAI, NOW, hazard, rules
from tests.alerts.jobs import WATCHED, job_to
from tests.alerts.test_sms import MUDFLOW, OFFICER, SENTENCE, SITE


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_a_message_has_at_most_two_parts_and_every_fact_but_the_last_places(language: str) -> None:
    """A message that is too long loses the link first, and then the last places of the list.

    Severity, cause and time always stay.
    """
    settings, places = AlertsSettings(public_url=SITE), Places.load()
    texts = Texts.of_installation(places, settings)
    finding = decide(hazard(**MUDFLOW), rules(), WATCHED, NOW)
    assert isinstance(finding, Finding)
    acknowledged = {"acknowledged_at": NOW, "acknowledged_name": "Мамытбекова Айсулуу Токтогуловна"}
    state = transitions.replaced(transitions.raised(finding, None, NOW), **acknowledged)
    short, long = ([ALAI], [district.pcode for district in places.units(2)][:3])
    for pcodes in (short, long):
        job = job_to(OFFICER, **MUDFLOW, area={"pcodes": pcodes})
        content = Content.model_validate_json(job.content)
        for cause in Cause:
            words = HazardWords(scope=Scope.RESTRICTED)
            segments = SmsTexts.of_installation(texts, settings).of(content.data, cause, language, words, state=state)
            assert ("Мамытбекова Айсулуу, " in segments.text) == (cause in NAMING)
            assert len(segments.texts) <= 2 and "11:40" in segments.text
            first_place = texts.subject(content.data, Cause.RAISED, language).split(",")[1]
            assert first_place.rstrip(" 0123456789") in segments.text


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_a_digest_has_at_most_two_parts_and_as_many_titles_as_fit(language: str) -> None:
    settings, places = AlertsSettings(public_url=SITE), Places.load()
    whole = Texts.of_installation(places, settings)
    texts, answering = (SmsTexts(whole, Alphabet.KEPT, takes_replies=takes_replies) for takes_replies in (False, True))
    alert = Content.model_validate_json(job_to(OFFICER, **MUDFLOW, area={"pcodes": [ALAI]}).content).data
    for count in (2, 12, 900):
        segments = texts.digest([(alert, Cause.RAISED)] * count, language)
        assert len(segments.texts) <= 2
        assert str(count) in segments.text.partition(".")[0]
        assert texts.of(alert, Cause.RAISED, language).text.partition(".")[0] in segments.text
        assert f"{SITE}/" in segments.text
        coded = answering.digest([(alert, Cause.RAISED)] * count, language, "4711")
        assert len(coded.texts) <= 2 and "1 4711." in coded.text, "the code is never left out"
    assert "1 ****." in answering.digest([(alert, Cause.RAISED)] * 2, language).text
    answered = alert.model_copy(update={"acknowledged_at": NOW, "sequence": alert.sequence + 1})
    mentions = [(answered, Cause.ACKNOWLEDGED), (alert, Cause.RAISED)]
    assert "1 4711" not in answering.digest(mentions, language, "4711").text, "the newest mention counts"


def test_a_digest_without_room_for_a_title_still_says_that_it_is_an_exercise() -> None:
    settings, places = AlertsSettings(public_url=f"https://{'alerts.' * 9}example.kg"), Places.load()
    whole = Texts.of_installation(places, settings)
    texts = SmsTexts.of_installation(whole, settings)
    area = {"pcodes": [district.pcode for district in places.units(2)][:3]}
    actual, drill = (
        Content.model_validate_json(job_to(OFFICER, **(MUDFLOW | {"area": area, "status": status})).content).data
        for status in ("Actual", "Exercise")
    )
    exercise = texts.digest([(drill, Cause.RAISED)] * 3, "ru").text
    mixed = texts.digest([(drill, Cause.RAISED), (actual, Cause.RAISED)], "ru").text
    banner = whole.banner(drill, "ru")
    assert banner
    assert (exercise.partition("3.")[0], mixed.partition("2.")[0]) == (f"{banner}Оповещений: ", "Оповещений: ")


def test_the_page_shows_the_message_as_a_telephone_does() -> None:
    settings = AlertsSettings(public_url=SITE)
    texts = Texts.of_installation(Places.load(), settings)
    job = job_to(OFFICER, **MUDFLOW)
    content = Content.model_validate_json(job.content)
    delivery = {"channel": "sms", "cause": "raised", "language": "ru", "delivery_id": job.delivery_id}
    message = Messages(texts, SmsTexts.of_installation(texts, settings)).of(delivery, content)
    assert message.segments is not None and len(message.segments.texts) == 2
    assert message.text.body == f"{SENTENCE}\n{SITE}/alerts/{content.data.alert_id}"


@pytest.mark.parametrize(
    ("content", "encoding", "units", "count"),
    [
        ("a" * 160, Encoding.GSM7, 160, 1),
        ("a" * 161, Encoding.GSM7, 161, 2),
        ("a" * 306, Encoding.GSM7, 306, 2),
        ("a" * 307, Encoding.GSM7, 307, 3),
        ("€" * 80, Encoding.GSM7, 160, 1),
        ("a" * 152 + "€" * 5, Encoding.GSM7, 162, 2),
        ("ө" * 70, Encoding.UCS2, 70, 1),
        ("ө" * 71, Encoding.UCS2, 71, 2),
        ("ө" * 134, Encoding.UCS2, 134, 2),
        ("ө" * 135, Encoding.UCS2, 135, 3),
        ("ө" * 66 + "😀" * 3, Encoding.UCS2, 72, 2),
    ],
)
def test_parts_are_counted_as_networks_count_them(content: str, encoding: Encoding, units: int, count: int) -> None:
    segments = segments_of(content)
    assert (segments.encoding, segments.units, len(segments.texts)) == (encoding, units, count)
    assert segments.text == content
