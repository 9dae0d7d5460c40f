"""Tests how people type the SMS that answers an alert, and which code Dayar's own messages contain."""

import re
from pathlib import Path
from uuid import uuid4

import pytest

from services.alerts import transitions
from services.alerts.acts.reply_results import Reply, ReplyResult
from services.alerts.config import AlertsSettings
from services.alerts.delivery.notices import Cause, Content
from services.alerts.delivery.texts import LOCALES, Texts
from services.alerts.queries.sms_codes import CodedDelivery
from services.alerts.receivers.receivers import Receiver
from services.alerts.rules.findings import Finding
from services.alerts.rules.hazard import decide
from services.alerts.sms import combined_replies
from services.alerts.sms.alphabets import Alphabet
from services.alerts.sms.answering import answer_of
from services.alerts.sms.combined_replies import AlertResult
from services.alerts.sms.inbound import SmsAct, TypedReply, typed_reply
from services.alerts.sms.profiles import BadProfile, GatewayProfile
from services.alerts.sms.sms_texts import CUT, MOST_CHARACTERS, SmsTexts
from shared.events.vocabulary import DeliveryChannel, Severity
from shared.pages.catalogs import translations
from shared.pages.terms import term
from shared.places import Places
from tests.alerts.desk import fresh
from tests.alerts.factories import NOW, rules
from tests.alerts.jobs import WATCHED, job_to
from tests.alerts.phones import MUDFLOW
from tests.alerts.sms_gateways import EXAMPLES

AIBEK = "996700123456"
EXAMPLE = EXAMPLES / "form.toml"


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_code_is_never_left_out(language: str) -> None:
    places = Places.load()
    texts = SmsTexts(
        Texts.of_installation(places, AlertsSettings()), GatewayProfile.load(EXAMPLE).alphabet, takes_replies=True
    )
    pcodes = [district.pcode for district in places.units(2)][:3]
    receiver = Receiver("officer", DeliveryChannel.SMS, f"sms:+{AIBEK}")
    content = Content.model_validate_json(job_to(receiver, **MUDFLOW, area={"pcodes": pcodes}).content)
    for cause in Cause:
        segments = texts.of(content.data, cause, language, code="4711")
        has_code = cause not in (Cause.ACKNOWLEDGED, Cause.TAKEN_OVER, Cause.RESOLVED)
        digit = SmsAct.START if cause is Cause.ASSIGNED else SmsAct.ACKNOWLEDGE
        assert len(segments.texts) <= 2 and (f"{digit} 4711" in segments.text) is has_code
    assert "1 ****" in texts.of(content.data, Cause.RAISED, language).text


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_answer_to_an_old_code_has_the_new_code_and_the_severity(language: str) -> None:
    finding = decide(fresh(**{**MUDFLOW, "severity": "Extreme"}), rules(), WATCHED, NOW)
    assert isinstance(finding, Finding)
    reply = Reply(ReplyResult.CHANGED_MEANWHILE, transitions.raised(finding, None, NOW), newest_code="5822")
    texts = SmsTexts(Texts.of_installation(Places.load(), AlertsSettings()), Alphabet.KEPT, takes_replies=True)
    answer = texts.answer([answer_of(reply, TypedReply(SmsAct.CLOSE, "4711"), language)], language)
    severity = term("severity", Severity.EXTREME, translations(language, LOCALES).gettext)
    assert len(answer.texts) <= 2 and "6 5822" in answer.text and severity in answer.text


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_answers_about_actions_of_others_name_them_within_two_parts(language: str) -> None:
    finding = decide(fresh(**MUDFLOW), rules(), WATCHED, NOW)
    assert isinstance(finding, Finding)
    name = "Мамытбекова Айсулуу"
    alert = transitions.replaced(transitions.raised(finding, None, NOW), acknowledged_at=NOW, acknowledged_name=name)
    texts = SmsTexts(Texts.of_installation(Places.load(), AlertsSettings()), Alphabet.KEPT, takes_replies=True)
    reply = Reply(ReplyResult.CHANGED_MEANWHILE, alert, newest_code="4711")
    answer = texts.answer([answer_of(reply, TypedReply(SmsAct.TAKE_OVER, "4711"), language)], language)
    assert len(answer.texts) <= 2 and name in answer.text

    event = Content.model_validate_json(job_to(Receiver("r", DeliveryChannel.SMS, "sms:+"), **MUDFLOW).content).data
    delivery = CodedDelivery(uuid4(), "4711", uuid4(), "r", Cause.RAISED, is_combined=True, alert=event, sequence=1)
    refused = [ReplyResult.CLOSED, ReplyResult.ACKNOWLEDGED_BY_OTHER, ReplyResult.CHANGED_MEANWHILE]
    refusal = answer_of(Reply(ReplyResult.ONLY_ACKNOWLEDGES), TypedReply(SmsAct.CLOSE, "4711"), language)
    answer = texts.answer([refusal], language)
    assert len(answer.texts) <= 2 and "1 4711" in answer.text and CUT not in answer.text
    for results in ([ReplyResult.ACKNOWLEDGED_BY_OTHER], refused * 3, list(combined_replies.REASONS) * 9):
        done = [AlertResult(delivery, Reply(result, alert)) for result in (ReplyResult.ACKNOWLEDGED, *results)]
        answer = texts.answer(combined_replies.drafts(done, texts, language), language)
        assert len(answer.texts) <= 2 and CUT not in answer.text.replace("…", CUT)
        assert re.findall(r"\d+", answer.text)[:2] in (["1", str(len(done))], [str(len(done)), "1"])
        assert len(results) > 1 or name in answer.text

    many = [AlertResult(delivery, Reply(ReplyResult.ACKNOWLEDGED_BY_OTHER, alert))] * 500
    drafts = combined_replies.drafts(many, texts, language)
    longest = len(combined_replies.drafts(many[:1], texts, language)[0])
    assert len(drafts) < 20, "no draft names more alerts than could fit"
    assert all(len(draft) < MOST_CHARACTERS + longest for draft in drafts)


@pytest.mark.parametrize("typed", ["1 4711", " 1  4711", "1-4711", "1/4711.", "14711", "“1 4711”", "І 4711", "l 4711"])
def test_how_people_type_a_code(typed: str) -> None:
    assert typed_reply(typed) == TypedReply(SmsAct.ACKNOWLEDGE, "4711")


@pytest.mark.parametrize(
    ("typed", "act", "words"),
    [
        ("2 4711", SmsAct.TAKE_OVER, ""),
        ("Беру 4711, еду", SmsAct.TAKE_OVER, "еду"),
        ("3 4711 Жду звонка в З часа", SmsAct.SNOOZE, "Жду звонка в З часа"),
        ("кийин 47I1 - топ жолдо", SmsAct.SNOOZE, "топ жолдо"),
        ("4-4711: мост цел", SmsAct.COMMENT, "мост цел"),
        ("4 4711\x00", SmsAct.COMMENT, ""),
        ("Принял 4711", SmsAct.ACKNOWLEDGE, ""),
        ("баштадым 4711", SmsAct.START, ""),
        ("6 4711 2", SmsAct.CLOSE, "2"),
        ("За 4711 Касымов", SmsAct.ON_BEHALF, "Касымов"),
    ],
)
def test_an_action_is_a_digit_or_a_word_and_its_text_stays_as_typed(typed: str, act: SmsAct, words: str) -> None:
    assert typed_reply(typed) == TypedReply(act, "4711", words)


@pytest.mark.parametrize(
    "typed", ["4711", "9 4711", "завтра 4711", "беру час", "1 4711 еду", "1 471", "1 47110", "1 4711 1 4712", "жок", ""]
)
def test_what_is_no_code(typed: str) -> None:
    assert typed_reply(typed) is None


def test_a_profile_without_a_secret_takes_no_messages(tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    inbound = '\n[inbound]\nbody = "form"\nnumber = "/from"\ntext = "/text"\nid = "/id"\n'
    profile.write_text(EXAMPLE.read_text() + inbound)
    with pytest.raises(BadProfile, match="either `secret_header` or `secret_field` is expected"):
        GatewayProfile.load(profile)
