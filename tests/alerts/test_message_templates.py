"""Tests the choice of an alert's template, the allowed content of a template, and the cases of the standard text."""

import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.alerts import transitions
from services.alerts.delivery.notices import Cause
from services.alerts.delivery.texts import Texts
from services.alerts.delivery.words import HazardWords
from services.alerts.message_templates import keeping
from services.alerts.message_templates.templates import EVERY, MessageTemplate, Templates, fault_of
from services.alerts.queries import message_templates as template_queries
from services.alerts.rules.findings import Finding
from services.alerts.rules.hazard import decide
from services.alerts.sms.alphabets import Alphabet
from services.alerts.sms.sms_texts import SmsTexts
from shared.auth.tokens import Role
from shared.events import AlertRaised, HazardText
from shared.events.vocabulary import DeliveryChannel, Scope, Severity, Status
from shared.places import Places
from shared.places.watched import WatchedArea
from tests.alerts.desk import Desk
from tests.alerts.factories import ALAI, BATKEN, KADAMJAI, LEILEK, NOW, mudflow, rules

EMAIL, TELEGRAM, SMS = DeliveryChannel.EMAIL, DeliveryChannel.TELEGRAM, DeliveryChannel.SMS
TEXTS = Texts(Places.load(), "https://alerts.example", {"en": "Crisis Management Center", "ru": "ЦУКС", "ky": "Борбор"})
RULES, WATCHED = rules(), WatchedArea.load()
WORDING = "{hazard} in {places}! Leave the river bed."
TEMPLATE = MessageTemplate("mudflow", "Severe", SMS, "en", WORDING, uuid4(), NOW)
RESTRICTED = HazardWords(scope=Scope.RESTRICTED, texts={"en": HazardText(headline="Aibek is at the dam")})


def alert(**changed: Any) -> AlertRaised:
    finding = decide(mudflow(), RULES, WATCHED, NOW)
    assert isinstance(finding, Finding)
    event = AlertRaised.model_validate_json(transitions.raised(finding, None, NOW).event(AlertRaised).value)
    return event.model_copy(update=changed)


def texts_with(*templates: MessageTemplate) -> Texts:
    return TEXTS.with_templates(Templates(templates))


def sms_with(*templates: MessageTemplate) -> SmsTexts:
    return SmsTexts(texts_with(*templates), Alphabet.KEPT, takes_replies=True)


@pytest.mark.parametrize(
    ("wording", "channel", "expected"),
    [
        (WORDING, SMS, None),
        ("{{ {severity}\n{reason}", EMAIL, None),
        ("{severty}", SMS, "“{severty}” is not a field of this channel. The fields are: {severity}, {hazard}, "),
        ("{reason}", SMS, "“{reason}” is not a field of this channel."),
        ("{severity.__class__}", EMAIL, "“{severity.__class__}” is not a field of this channel."),
        ("{severity!r:>9999999999}", TELEGRAM, "is not a field of this channel."),
        ("{headline}", EMAIL, "“{headline}” is not a field of this channel."),
        ("100 {", EMAIL, "A field in braces is expected, like {severity}."),
        ("{}", EMAIL, "A field in braces is expected, like {severity}."),
        ("a\nb", SMS, "A short message is expected on one line."),
        ("a\u202eb", EMAIL, "Text without control characters is expected."),
        ("a" * 301, SMS, "At most 300 characters are expected, not 301."),
    ],
)
def test_a_template_has_only_fields_of_its_channel(wording: str, channel: str, expected: str | None) -> None:
    fault = fault_of(wording, channel)
    assert fault is None if expected is None else expected in str(fault)


def test_the_template_with_the_narrowest_condition_is_used() -> None:
    every, severe, of_mudflows = (
        replace(TEMPLATE, hazard=hazard, severity=severity, text=f"{hazard}/{severity}")
        for hazard, severity in ((EVERY, EVERY), (EVERY, "Severe"), ("mudflow", EVERY))
    )
    templates = Templates([every, severe, of_mudflows, TEMPLATE])
    assert templates.find(alert(), SMS, "en") == TEMPLATE
    assert templates.find(alert(severity=Severity.EXTREME), SMS, "en") == of_mudflows
    assert templates.find(alert(hazard_type="fire"), SMS, "en") == severe
    assert templates.find(alert(hazard_type=None, severity=Severity.MINOR), SMS, "en") == every
    assert templates.find(alert(), SMS, "ru") is None and templates.find(alert(), EMAIL, "en") is None
    assert templates.find(alert(rule="test"), SMS, "en") is None
    unfit = Templates([every, replace(TEMPLATE, text="{severty}")])
    assert unfit.find(alert(), SMS, "en") is None, "a wider template would not say what this one should"


def test_the_frame_of_a_short_message_stays_around_a_template() -> None:
    exercise = alert(status=Status.EXERCISE)
    message = sms_with(TEMPLATE).of(exercise, Cause.ESCALATED, "en", RESTRICTED, "4711").text
    begin = "EXERCISE Mudflow in Kadamjai rayon! Leave the river bed. Not acknowledged. To acknowledge, reply: 1 4711."
    assert message.startswith(begin) and "Not for publication" in message
    assert "Aibek" not in message


@pytest.mark.parametrize("channel", [EMAIL, TELEGRAM])
def test_the_frame_of_a_mail_stays_around_a_template(channel: DeliveryChannel) -> None:
    texts = texts_with(replace(TEMPLATE, channel=channel, text="{severity}: {reason}.\n{all_places}; {time}; {raised}"))
    body = texts.of(alert(status=Status.EXERCISE), Cause.ESCALATED, "en", RESTRICTED, channel).body
    assert body.startswith("*** EXERCISE ***\n\nNot acknowledged\n\nSevere: Reported by ")
    assert "\nBatken oblast (Kadamjai rayon); Since: " in body and "\nWhere: " not in body
    assert "Not for publication." in body and "Aibek" in body  # the channel removes texts that a receiver may not read
    assert body.endswith("Crisis Management Center") and "https://alerts.example/alerts/" in body


def test_a_template_that_does_not_fit_is_replaced_by_the_standard_text() -> None:
    raised = alert()
    plain = sms_with().of(raised, Cause.RAISED, "en")
    unknown, long = replace(TEMPLATE, text="{severty} {hazard}"), replace(TEMPLATE, text="я" * 200)
    for template in (unknown, long):
        sms = sms_with(template)
        assert sms.of(raised, Cause.RAISED, "en") == plain
        assert sms._texts.templates.newly_skipped() == [template]
    mail = texts_with(replace(unknown, channel=EMAIL))
    assert mail.of(raised, Cause.RAISED, "en") == TEXTS.of(raised, Cause.RAISED, "en")


def test_in_a_message_with_too_many_places_only_the_first_is_named() -> None:
    sms = sms_with(replace(TEMPLATE, text="{places}: " + "я" * 66))
    three = sms.of(alert(pcodes=(KADAMJAI, LEILEK, ALAI)), Cause.RAISED, "en")
    assert three.text.startswith("Kadamjai rayon: яя") and len(three.texts) == 2
    assert sms._texts.templates.newly_skipped() == []


def test_an_alert_without_a_value_for_a_field_has_the_standard_text_and_the_template_no_mark() -> None:
    sms, nowhere = sms_with(TEMPLATE), alert(pcodes=())
    assert sms.of(nowhere, Cause.RAISED, "en") == sms_with().of(nowhere, Cause.RAISED, "en")
    assert sms._texts.templates.newly_skipped() == []


@pytest.mark.anyio
async def test_a_duty_head_sees_what_is_wrong_and_saves_templates_with_a_preview(desk: Desk) -> None:
    typed = {"hazard": "mudflow", "severity": "Severe", "text-sms-en": "{severty} <b>", "text-email-ru": "{reason}"}
    async with desk.caller(Role.DUTY_HEAD) as head:
        refused = await head.post("/templates?lang=en", data={**typed, "act": "save"})
        assert refused.status_code == 422 and "“{severty}” is not a field of this channel." in refused.text
        assert ">{severty} &lt;b&gt;</textarea>" in refused.text and ">{reason}</textarea>" in refused.text
        typed["text-sms-en"] = "я" * 200
        long = await head.post("/templates?lang=en", data={**typed, "act": "save"})
        assert long.status_code == 422 and "A shorter text is expected." in long.text
        assert "There are no templates yet." in long.text
        typed["text-sms-en"] = WORDING
        shown = await head.post("/templates/preview?lang=en", json=typed)
        assert "Mudflow in Kadamjai rayon, Leilek rayon! Leave the river bed." in shown.text
        assert shown.text.count("data-preview=") == 9 and "Transliterated: Parts: " in shown.text
        assert (await head.post("/templates?lang=en", data={**typed, "hazard": "mudflw"})).status_code == 422
        assert (await head.post("/templates?lang=en", data={**typed, "act": "save"})).status_code == 303
        page = await head.get("/templates", params={"lang": "en", "hazard": "mudflow", "severity": "Severe"})
        assert f">{WORDING}</textarea>" in page.text and "not usable" not in page.text
    async with desk.caller(Role.ADMINISTRATOR, areas=[BATKEN]) as other, desk.caller(Role.OPERATOR) as operator:
        elsewhere = await other.post("/templates?lang=en", data={**typed, "act": "save"})
        assert elsewhere.status_code == 422 and "only an account for the whole country" in elsewhere.text
        assert (await operator.get("/templates")).status_code == 403


@pytest.mark.anyio
async def test_a_stored_template_that_does_not_fit_is_marked_once_and_on_the_page(desk: Desk) -> None:
    later = replace(TEMPLATE, text="{field_of_a_later_release}")
    async with desk.sessions.begin() as session:
        await template_queries.replace(session, "mudflow", "Severe", [later, replace(TEMPLATE, channel=EMAIL)])
    templates = Templates()
    await keeping.refresh(desk.sessions, templates)
    assert templates.find(alert(), SMS, "en") is None and templates.find(alert(), EMAIL, "en") is not None
    async with desk.sessions.begin() as session:
        rows = await session.execute(text("SELECT channel, skipped_at FROM message_templates"))
        marks = {row.channel: row.skipped_at for row in rows}
    assert marks[SMS] is not None and marks[EMAIL] is None
    await keeping.refresh(desk.sessions, templates)
    assert templates.newly_skipped() == []
    async with desk.caller(Role.DUTY_HEAD) as head:
        page = await head.get("/templates", params={"lang": "en", "hazard": "mudflow", "severity": "Severe"})
    async with desk.caller(Role.ADMINISTRATOR) as administrator:
        notices = await administrator.get("/notices", params={"lang": "en"})
    assert "so messages have the standard text: 1." in notices.text
    assert page.text.count("not usable: messages have the standard text") == 1
    assert "“{field_of_a_later_release}” is not a field of this channel." in page.text


@pytest.mark.anyio
async def test_a_form_that_is_older_than_the_saved_texts_replaces_nothing_and_shows_both(desk: Desk) -> None:
    condition = {"hazard": "mudflow", "severity": "Severe"}
    aibeks, bermets = {"text-sms-en": "Leave the river."}, {"text-sms-en": "Climb!", "text-email-ru": "{hazard}"}
    async with desk.caller(Role.DUTY_HEAD) as head:
        opened = version_in((await head.get("/templates", params=condition)).text)
        first = await head.post("/templates?lang=en", data={**condition, **aibeks, "version": opened, "act": "save"})
        assert first.status_code == 303
        typed = {**condition, **bermets, "version": opened}
        shown = await head.post("/templates?lang=en", data={**typed, "act": "preview"})
        assert version_in(shown.text) == opened, "the example says nothing about the texts that somebody else has saved"
        stale = await head.post("/templates?lang=en", data={**typed, "act": "save"})
        assert stale.status_code == 422 and "Somebody else has changed these texts meanwhile." in stale.text
        assert ">Climb!</textarea>" in stale.text and ">{hazard}</textarea>" in stale.text, "what was typed is kept"
        assert ">Leave the river.</pre>" in stale.text and stale.text.count("No text is saved here.") == 1
        async with desk.sessions.begin() as session:
            assert [each.text for each in await template_queries.templates(session)] == ["Leave the river."]
        again = {**typed, "version": version_in(stale.text), "act": "save"}
        assert (await head.post("/templates?lang=en", data=again)).status_code == 303
    async with desk.sessions.begin() as session:
        assert {each.text for each in await template_queries.templates(session)} == {"Climb!", "{hazard}"}


def version_in(page: str) -> str:
    (version,) = re.findall(r'name="version" value="(\w*)"', page)
    return str(version)
