"""The messages of an exposure alert name the sites, but only to internal receivers."""

import json
from typing import Any
from uuid import uuid4

import pytest

from services.alerts import transitions
from services.alerts.delivery.notices import Cause
from services.alerts.delivery.texts import Texts
from services.alerts.delivery.words import ExposedSite, HazardWords
from services.alerts.message_templates.templates import EVERY, MessageTemplate, Templates
from services.alerts.queries.telegram_edits import OutdatedMessage
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Receiver
from services.alerts.rules.exposure import decide_exposure
from services.alerts.rules.findings import Finding
from services.alerts.sms.alphabets import Alphabet
from services.alerts.sms.sms_texts import MOST_SEGMENTS, SmsTexts
from services.alerts.telegram.chat_messages import ChatMessages
from services.alerts.telegram.message_edits import facts_of
from shared.events import AlertRaised
from shared.events.vocabulary import DeliveryChannel, Scope
from shared.places import Places
from tests.alerts.factories import LEILEK, NOW, group, mudflow, rules, site
from tests.alerts.post import Post

TEXTS = Texts(Places.load(), "https://alerts.example", {"en": "Crisis Management Center", "ru": "ЦУКС", "ky": "Борбор"})
NAMES = ("Клуб", "Мечеть", "Школа № 1", "Школа № 2", "Школа № 3")


def words(*names: str) -> HazardWords:
    return HazardWords(
        scope=Scope.RESTRICTED, sites=tuple(ExposedSite(site_id=site().site_id, name_ru=name) for name in names)
    )


def exposure(number: int) -> AlertRaised:
    sites = [site().site_id for _ in range(number)]
    finding = decide_exposure(mudflow(area={"pcodes": [LEILEK]}), LEILEK, 0, rules(), NOW, sites=sites)
    assert isinstance(finding, Finding)
    return AlertRaised.model_validate(transitions.raised(finding, None, NOW), from_attributes=True)


@pytest.mark.anyio
async def test_only_internal_receivers_get_the_names_of_sites(post: Post) -> None:
    await post.receiver("own desk", is_internal=True)
    await post.receiver("other institution")
    school, mosque = site(), site(name_ru="Мечеть", type="mosque")
    await post(school, mosque, *(group(site_id=known.site_id) for known in (school, mosque)))
    await post(mudflow(area={"pcodes": [LEILEK]}, scope="Public"))
    sites = await sites_by_receiver(post)
    assert [named["name_ru"] for named in sites["own desk"]] == ["Мечеть", "Школа № 5"]
    assert sites["other institution"] is None


@pytest.mark.anyio
async def test_a_receiver_that_no_longer_belongs_to_the_centre_gets_no_names(post: Post) -> None:
    await post.receiver("former desk", is_internal=True)
    school = site()
    await post(school, group(site_id=school.site_id), mudflow(area={"pcodes": [LEILEK]}, scope="Public"))
    await subscriptions.set_internal(post.session, "former desk", is_internal=False)
    assert (await sites_by_receiver(post))["former desk"] is None


@pytest.mark.anyio
async def test_an_edited_message_keeps_the_names_of_sites_for_internal_receivers(post: Post) -> None:
    school = site()
    await post(school, group(site_id=school.site_id), mudflow(area={"pcodes": [LEILEK]}, scope="Public"))
    (alert,) = [each for each in await post.alerts() if each.kind == "exposure"]
    message = OutdatedMessage(uuid4(), alert.alert_id, "desk", 1, 1, "ru", is_digest=False, again_at=NOW)
    facts = await facts_of(post.session, [message])
    shown = {
        is_internal: facts.words_for(alert, Receiver("desk", DeliveryChannel.TELEGRAM, "1", is_internal=is_internal))
        for is_internal in (True, False)
    }
    named = {key: [each.name_ru for each in found.sites] for key, found in shown.items() if found is not None}
    assert named == {True: ["Школа № 5"], False: []}


async def sites_by_receiver(post: Post) -> dict[str, Any]:
    rows = await post.fetch(
        "SELECT recipient, content FROM deliveries JOIN alerts USING (alert_id) WHERE kind = 'exposure'"
    )
    return {recipient: json.loads(content).get("hazard", {}).get("sites") for recipient, content in rows}


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "Sites: Клуб, Мечеть, Школа № 1 and 2 more"),
        ("ru", "Места размещения: Клуб, Мечеть, Школа № 1 и ещё 2"),
        ("ky", "Жайгаштыруу пункттары: Клуб, Мечеть, Школа № 1 жана дагы 2"),
    ],
)
def test_mails_and_telegram_messages_name_the_first_three_sites(language: str, line: str) -> None:
    alert, named = exposure(5), words(*NAMES)
    chat = ChatMessages(TEXTS).whole(alert, Cause.RAISED, language, alert.alert_id, named, is_internal=True)
    assert line in TEXTS.of(alert, Cause.RAISED, language, named).body.splitlines()
    assert line in chat.body.splitlines()


def test_a_message_with_a_template_names_the_sites_too() -> None:
    template = MessageTemplate(EVERY, EVERY, DeliveryChannel.EMAIL, "ru", "{hazard}!", uuid4(), NOW)
    text = TEXTS.with_templates(Templates([template])).of(exposure(2), Cause.RAISED, "ru", words(*NAMES[:2]))
    assert {"Сель: затронуты перемещённые лица!", "Места размещения: Клуб, Мечеть"} <= {*text.body.splitlines()}


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (NAMES[:2], "Лейлекский район: Клуб, Мечеть. "),
        (("Клуб", "Средняя школа имени Токтогула", "Дом культуры"), "Лейлекский район: Клуб и ещё 2. "),
        (("Очень длинное название места размещения " * 3,), "Лейлекский район. "),
    ],
    ids=["all", "the first", "none"],
)
def test_a_short_message_names_as_many_sites_as_fit_into_two_parts(names: tuple[str, ...], named: str) -> None:
    sms = SmsTexts(TEXTS, Alphabet.KEPT, takes_replies=True)
    segments = sms.of(exposure(len(names)), Cause.RAISED, "ru", words(*names), code="1234")
    assert len(segments.texts) <= MOST_SEGMENTS
    assert named in segments.text
    assert "1 1234" in segments.text
