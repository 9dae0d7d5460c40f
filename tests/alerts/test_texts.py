"""The text that a receiver reads, in the receiver's language."""

import re
from datetime import timedelta
from typing import Any

import pytest

from services.alerts import transitions
from services.alerts.delivery import words
from services.alerts.delivery.notices import Cause
from services.alerts.delivery.texts import CAUSES, Text, Texts, clean
from services.alerts.delivery.words import HazardWords
from services.alerts.rules.displacement import decide_displacement
from services.alerts.rules.exposure import decide_exposure
from services.alerts.rules.findings import Finding
from services.alerts.rules.hazard import decide
from services.alerts.rules.headcounts import Departed, RegisteredDeparture
from shared.events import AlertRaised, HazardReported, HazardText
from shared.events.vocabulary import Status, Verdict
from shared.pages import LANGUAGES
from shared.places import Places
from shared.places.watched import WatchedArea
from tests import gazetteers
from tests.alerts.factories import KADAMJAI, LEILEK, NOW, TODAY, hazard, mudflow, rules

PLACES = Places.load()
TEXTS = Texts(PLACES, "https://alerts.example", {"en": "Crisis Management Center", "ru": "ЦУКС", "ky": "Борбор"})
RULES, WATCHED = rules(), WatchedArea.load()


def read(
    finding: object,
    language: str = "en",
    cause: Cause = Cause.RAISED,
    hazard_words: HazardWords | None = None,
    **since: Any,
) -> Text:
    """Returns the text about the alert that follows from the finding.

    `since` changes fields of the alert after it was raised.
    """
    assert isinstance(finding, Finding)
    alert = transitions.replaced(transitions.raised(finding, None, NOW), **since)
    event = AlertRaised.model_validate_json(alert.event(AlertRaised).value)
    return TEXTS.of(event, cause, language, hazard_words)


def quake(**changed: object) -> HazardReported:
    return hazard(**changed)


def test_a_quake_in_english() -> None:
    text = read(decide(quake(), RULES, WATCHED, NOW))
    assert text.subject == "Moderate: Earthquake, Alai rayon"
    assert "Earthquake of magnitude 4.7 at a depth of 11 km" in text.body
    assert "Expected intensity (computed): up to 5.4 on MSK-64, Alai rayon" in text.body
    assert "not confirmed by a person" in text.body
    assert "https://alerts.example/alerts/" in text.body
    assert "Severity: Moderate (computed by Dayar, not stated by the source)\n" in text.body
    assert "11:40" in text.body  # the text states the time in Bishkek


def test_a_quake_in_russian() -> None:
    text = read(decide(quake(), RULES, WATCHED, NOW), "ru")
    assert "Землетрясение" in text.subject
    assert "Землетрясение магнитудой 4,7 на глубине 11 км" in text.body
    assert "до 5,4 балла MSK-64, Алайский район" in text.body
    assert "человеком не подтверждено" in text.body
    assert "Степень: Умеренно (рассчитана системой Dayar, источником не указана)" in text.body


def test_a_quake_in_kyrgyz() -> None:
    text = read(decide(quake(), RULES, WATCHED, NOW), "ky")
    assert "Жер титирөө" in text.subject
    assert "Магнитудасы 4,7" in text.body
    assert "MSK-64 боюнча 5,4 баллга чейин, Алай району" in text.body


MORE = {"ky": "жана дагы 50", "ru": "и ещё 50", "en": "and 50 more"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_large_area_is_named_by_oblast(language: str) -> None:
    named = [unit.pcode for unit in PLACES.units(2)]
    tops = [unit.pcode for unit in PLACES.units(1)]
    cities = [pcode for pcode in tops if not PLACES.children(pcode)]
    text = read(decide(quake(area={"pcodes": [*cities, *named]}), RULES, WATCHED, NOW), language)
    [where] = [line for line in text.body.splitlines() if PLACES.name(KADAMJAI, language) in line]
    assert all(PLACES.name(pcode, language) in where for pcode in [*tops, *named])
    assert where.count("(") == len({PLACES.adm1(pcode) for pcode in named})
    assert where.endswith(")")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_subject_counts_the_places_that_it_does_not_name(language: str) -> None:
    named = [unit.pcode for unit in PLACES.units(2)]
    assert len(named) == 53
    text = read(decide(quake(status="Exercise", area={"pcodes": named}), RULES, WATCHED, NOW), language)
    assert text.subject.endswith(f"{PLACES.name(named[2], language)} {MORE[language]}")


def test_an_area_of_unnamed_codes_is_counted() -> None:
    unknown = [f"KG990000{number:05}" for number in range(200)]
    text = read(decide(quake(severity="Severe", area={"pcodes": [KADAMJAI, *unknown]}), RULES, WATCHED, NOW))
    assert "Where: Batken oblast (Kadamjai rayon); KG99000000000, " in text.body
    assert "KG99000000019 and 180 more\n" in text.body


def test_a_district_within_a_named_oblast_is_named_by_the_oblast() -> None:
    text = read(decide(quake(area={"pcodes": [PLACES.oblast(KADAMJAI), KADAMJAI]}), RULES, WATCHED, NOW))
    assert text.subject.endswith("Earthquake, Batken oblast") and "Where: Batken oblast\n" in text.body


def test_a_city_district_is_named_by_its_city() -> None:
    text = read(decide(quake(area={"pcodes": ["KG11201000000", "KG11000000000"]}), RULES, WATCHED, NOW))
    assert text.subject.endswith(", Bishkek city")


def test_a_drawn_area_without_districts_may_concern_displaced_people() -> None:
    drawn = mudflow(area={"circles": [{"lat": 39.6, "lon": 73.3, "radius_km": 3}]})
    assert "Where: the districts are not known. Look at the map" in read(decide(drawn, RULES, WATCHED, NOW)).body


def test_a_village_is_named_by_its_district() -> None:
    village = KADAMJAI.replace("000000", "800010")
    text = read(decide(quake(area={"pcodes": [village, KADAMJAI]}), RULES, WATCHED, NOW))
    assert text.subject.endswith("Earthquake, Kadamjai rayon")


def test_households_by_count_and_place() -> None:
    departed = Departed([RegisteredDeparture((TODAY,), LEILEK, 14, 61)])
    text = read(decide_displacement(Status.ACTUAL, KADAMJAI, TODAY, departed, [], RULES, NOW))
    reason = r"^Displaced from Kadamjai rayon within 24 hours \(.+\): 14 registered households \(61 persons\)$"
    assert re.search(reason, text.body, re.MULTILINE)
    assert "Displacement" in text.subject


def test_exposure_names_the_hazard_and_the_place() -> None:
    text = read(decide_exposure(mudflow(), KADAMJAI, 3, RULES, NOW))
    assert text.subject.startswith("Severe: Mudflow affects displaced people, Kadamjai")
    assert "Displaced households that now live in the hazard's area, Kadamjai rayon: 3\n" in text.body


def test_a_text_of_an_exercise_begins_with_the_word_exercise() -> None:
    text = read(decide(quake(status="Exercise"), RULES, WATCHED, NOW))
    assert text.subject.startswith("EXERCISE ")
    assert text.body.startswith("*** EXERCISE ***")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_has_a_text_in_every_language(language: str, cause: Cause) -> None:
    text = read(decide(quake(), RULES, WATCHED, NOW), language, cause)
    assert len(text.subject) <= 150 and "\n" not in text.subject
    if language != "en":
        assert CAUSES[cause] not in text.body
        assert not any(word in text.body for word in ("Severity", "Where", "Since", "Raised", "Open", "machine"))


UNCONFIRMED = {
    "en": "Automatic, not confirmed by a person.",
    "ru": "Создано автоматически, человеком не подтверждено.",
    "ky": "Автоматтык түрдө түзүлгөн, адам ырастаган эмес.",
}
ACKNOWLEDGE = {"en": "Acknowledge here: ", "ru": "Принять здесь: ", "ky": "Кабыл алуу үчүн ачыңыз: "}
OPEN = {"en": "Open it: ", "ru": "Открыть: ", "ky": "Ачуу: "}
ACKNOWLEDGED = {"acknowledged_at": NOW}
CONFIRMED = {**ACKNOWLEDGED, "confirmed_at": NOW}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("cause", "since", "is_unconfirmed", "needs_acknowledgement"),
    [
        (Cause.RAISED, {}, True, True),
        (Cause.ESCALATED, {"level": 1}, True, True),
        (Cause.ACKNOWLEDGED, ACKNOWLEDGED, True, False),
        (Cause.UPDATED, CONFIRMED, False, False),
        (Cause.LAPSED, {**CONFIRMED, "is_lapsed": True}, False, False),
        (Cause.LAPSED, {"is_lapsed": True}, True, False),
        (Cause.RESOLVED, {"resolved_at": NOW, "verdict": Verdict.FALSE_ALARM}, False, False),
        (Cause.RESOLVED, {"resolved_at": NOW, "verdict": Verdict.EXPIRED}, True, False),
    ],
)
def test_a_text_says_whether_the_alert_is_confirmed_and_must_be_acknowledged(
    language: str, cause: Cause, since: dict[str, Any], is_unconfirmed: bool, needs_acknowledgement: bool
) -> None:
    lines = read(decide(quake(), RULES, WATCHED, NOW), language, cause, **since).body.splitlines()
    [address] = [line for line in lines if "https://alerts.example/alerts/" in line]
    assert (UNCONFIRMED[language] in lines) is is_unconfirmed
    assert address.startswith((ACKNOWLEDGE if needs_acknowledgement else OPEN)[language])


def test_outside_text_cannot_break_a_mail() -> None:
    nasty = quake(source="usgs", type="other", type_text="x", area={"pcodes": ["KG99999999999"]}, severity="Severe")
    assert "\n" not in read(decide(nasty, RULES, WATCHED, NOW)).subject
    assert clean("a\r\nBcc: b@example.org\u202e\u2066evil\x00") == "a Bcc: b@example.orgevil"
    assert len(clean("x" * 400)) == 150


TOLD = {
    "ru": HazardText(
        headline="Сель у Пульгона", description="Вода подошла к домам.\n" + "а" * 1200, instruction="Уйти выше"
    ),
    "ky": HazardText(headline="Пулгондо сел"),
}


def test_the_reported_text_and_the_village_are_in_the_body() -> None:
    flood = mudflow(area={"pcodes": [KADAMJAI], "description": "село Пульгон, левый берег"}, text=TOLD)
    body = read(decide(flood, RULES, WATCHED, NOW), "ru", hazard_words=words.of(flood)).body
    assert "Место: село Пульгон, левый берег" in body
    assert "Сель у Пульгона" in body and "Что делать: Уйти выше" in body
    (description,) = [line for line in body.splitlines() if line.startswith("Вода подошла")]
    assert len(description) == 1000, "a thousand characters of it, in one paragraph"
    assert "Пулгондо сел" not in body, "in the reader's own language alone"


def test_the_village_is_named_in_the_readers_language_and_more_words_stay() -> None:
    texts = Texts(gazetteers.with_dobo(), "https://alerts.example", {})
    area: dict[str, Any] = {"pcodes": [KADAMJAI], "description": "Choko-Dobo"}
    flood = mudflow(area=area, locality_pcode=gazetteers.DOBO)
    more = mudflow(area={**area, "description": "у моста"}, locality_pcode=gazetteers.DOBO)
    finding = decide(flood, RULES, WATCHED, NOW)
    assert isinstance(finding, Finding)
    event = AlertRaised.model_validate_json(transitions.raised(finding, None, NOW).event(AlertRaised).value)
    assert "Место: с. Чоко-Добо\n" in texts.of(event, Cause.RAISED, "ru", words.of(flood)).body + "\n"
    assert "Place: Choko-Dobo village (у моста)" in texts.of(event, Cause.RAISED, "en", words.of(more)).body


def test_a_text_in_one_language_is_shown_to_every_reader() -> None:
    flood = mudflow(text={"ky": TOLD["ky"]})
    assert "Пулгондо сел" in read(decide(flood, RULES, WATCHED, NOW), "en", hazard_words=words.of(flood)).body


def test_outside_text_cannot_change_lines_or_text_direction() -> None:
    flood = mudflow(text={"ru": HazardText(headline="x", description="a\r\nBcc: b\u202e\u2066c")})
    assert "a Bcc: bc" in read(decide(flood, RULES, WATCHED, NOW), "ru", hazard_words=words.of(flood)).body.splitlines()


def test_subjects_state_the_kind_of_alert_and_what_happened() -> None:
    flood = mudflow()
    own = decide(flood, RULES, WATCHED, NOW)
    affected = decide_exposure(flood, KADAMJAI, 3, RULES, NOW)
    subjects = [
        read(own).subject,
        read(affected).subject,
        read(own, cause=Cause.ESCALATED).subject,
        read(own, cause=Cause.ACKNOWLEDGED).subject,
    ]
    assert subjects == [
        "Severe: Mudflow, Kadamjai rayon",
        "Severe: Mudflow affects displaced people, Kadamjai rayon",
        "Severe: Mudflow, Kadamjai rayon – Not acknowledged",
        "Severe: Mudflow, Kadamjai rayon – Acknowledged",
    ]


NEXT_YEAR = NOW.replace(year=2027, month=12)


@pytest.mark.parametrize(
    ("language", "time", "immediate"),
    [
        ("en", "Reported for a time still to come: 15 Dec 2027", "immediate"),
        ("ru", "15.12.2027", "немедленн"),
        ("ky", "15.12.2027", "дароо"),
    ],
)
def test_a_future_event_is_not_called_immediate(language: str, time: str, immediate: str) -> None:
    reported = mudflow(onset=NEXT_YEAR, urgency="Immediate", certainty="Observed", flags=["clock_ahead"])
    text = read(decide(reported, RULES, WATCHED, NOW), language)
    assert time in text.body and immediate not in text.body.lower()


def test_a_forecast_is_called_a_forecast() -> None:
    forecast = mudflow(onset=NOW + timedelta(hours=6), urgency="Expected", certainty="Likely")
    assert "Forecast for: 15 Jun 2026, 18:00" in read(decide(forecast, RULES, WATCHED, NOW)).body
