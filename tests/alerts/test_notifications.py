"""Each stage of a notification leaves out some receivers, and gives a reason for each of them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.alerts import transitions
from services.alerts.alerts import Alert
from services.alerts.notifications import notifications, omissions
from services.alerts.notifications.plans import NotificationPlan
from services.alerts.notifications.stages import Notification, Omission, Stage
from services.alerts.receivers import hours
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.rosters.rosters import Roster
from services.alerts.rules.findings import UNJUDGED_RULE, Finding
from services.alerts.rules.hazard import decide
from shared.country import TIME_ZONE
from shared.events.vocabulary import DeliveryChannel, HazardType, Severity, Status
from shared.places import Places
from shared.places.watched import WatchedArea
from tests.alerts.factories import BATKEN, KADAMJAI, LEILEK, NOW, hazard, mudflow, rules
from tests.alerts.post import Post, revised

PLACES, WATCHED = Places.load(), WatchedArea.load()


def receiver(label: str, **changed: Any) -> Receiver:
    return Receiver(label, DeliveryChannel.WEBHOOK, "https://hook.example/", **changed)


def alert(*pcodes: str, level: int = 0, status: Status = Status.ACTUAL) -> Alert:
    decision = decide(mudflow(area={"pcodes": list(pcodes)}, status=status), rules(), WATCHED, NOW)
    assert isinstance(decision, Finding)
    return transitions.replaced(transitions.raised(decision, None, NOW), level=level)


def notified(
    alert: Alert,
    stages: tuple[Stage, ...],
    *receivers: Receiver,
    called: tuple[str, ...] = (),
    before: Alert | None = None,
    now: datetime = NOW,
    on_duty: str | None = None,
    absent: tuple[str, ...] = (),
) -> tuple[list[str], dict[str, Omission]]:
    duty = {"centre": {on_duty}} if on_duty else {}
    notification = Notification(alert, receivers, PLACES, now, called, before, duty, absent=absent)
    kept, omissions = notifications.notified(notification, stages)
    return [each.label for each in kept], dict(omissions)


def test_an_alert_reaches_the_first_step_that_it_concerns() -> None:
    assert notified(
        alert(KADAMJAI),
        notifications.RAISED,
        receiver("country"),
        receiver("oblast", areas=(BATKEN,)),
        receiver("elsewhere", areas=(LEILEK,)),
        receiver("extreme only", floor=Severity.EXTREME),
        receiver("exercises", statuses=frozenset({Status.EXERCISE})),
        receiver("head", step=1),
    ) == (
        ["country", "oblast"],
        {
            "elsewhere": Omission.OTHER_AREA,
            "extreme only": Omission.BELOW_FLOOR,
            "exercises": Omission.OTHER_STATUS,
            "head": Omission.LATER_STEP,
        },
    )


@pytest.mark.parametrize(
    ("level", "kept", "omissions"),
    [
        (0, ["desk"], {"head": Omission.LATER_STEP, "minister": Omission.LATER_STEP}),
        (1, ["head"], {"desk": Omission.EARLIER_STEP, "minister": Omission.LATER_STEP}),
        (2, ["minister"], {"desk": Omission.EARLIER_STEP, "head": Omission.EARLIER_STEP}),
        (5, ["minister"], {"desk": Omission.EARLIER_STEP, "head": Omission.EARLIER_STEP}),
    ],
)
def test_an_escalation_reaches_the_next_step_and_a_gap_in_the_steps_skips_no_level(
    level: int, kept: list[str], omissions: dict[str, Omission]
) -> None:
    steps = receiver("desk"), receiver("head", step=3), receiver("minister", step=4)
    called = ("desk", "head", "minister")[:level]
    assert notified(alert(KADAMJAI, level=level), notifications.ESCALATED, *steps, called=called) == (kept, omissions)


NIGHT = datetime(2026, 11, 27, 23, 30, tzinfo=TIME_ZONE)  # a Friday
OFFICE = ("Mon 08:00-17:30", "Fri 08:00-17:30")


def mild(*pcodes: str) -> Alert:
    return transitions.replaced(alert(*pcodes), severity=Severity.MODERATE)


def test_all_conditions_of_a_receiver_must_hold() -> None:
    assert notified(
        mild(KADAMJAI),
        notifications.RAISED,
        receiver("mudflows", hazards=(HazardType.MUDFLOW, HazardType.GLOF), areas=(BATKEN,)),
        receiver("mudflows elsewhere", hazards=(HazardType.MUDFLOW,), areas=(LEILEK,)),
        receiver("quakes", hazards=(HazardType.EARTHQUAKE,)),
        receiver("office", hours=OFFICE),
        receiver("night watch", hours=("Thu 20:00-06:00", "Fri 20:00-06:00")),
        now=NIGHT,
    ) == (
        ["mudflows", "night watch"],
        {
            "mudflows elsewhere": Omission.OTHER_AREA,
            "quakes": Omission.OTHER_HAZARD,
            "office": Omission.OTHER_HOURS,
        },
    )


def test_an_alert_whose_severity_must_be_judged_is_sent_at_every_hour() -> None:
    unjudged = transitions.replaced(mild(KADAMJAI), rule=UNJUDGED_RULE)
    both = receiver("office", hours=OFFICE), receiver("country")
    assert notified(unjudged, notifications.RAISED, *both, now=NIGHT) == (["office", "country"], {})


@pytest.mark.parametrize("severity", [Severity.SEVERE, Severity.EXTREME, Severity.UNKNOWN])
def test_a_severe_or_unknown_alert_is_sent_outside_the_hours_and_above_the_floor(severity: Severity) -> None:
    at_night = transitions.replaced(alert(KADAMJAI), severity=severity)
    office = receiver("office", hours=OFFICE, floor=Severity.SEVERE)
    assert notified(at_night, notifications.RAISED, office, receiver("country"), now=NIGHT)[0] == ["office", "country"]


def test_an_alert_outside_the_hours_of_everybody_is_sent_and_the_reason_is_known() -> None:
    both = receiver("office", hours=OFFICE), receiver("second office", hours=OFFICE)
    labels, reasons = notified(mild(KADAMJAI), notifications.RAISED, *both, now=NIGHT)
    assert (labels, reasons) == (["office", "second office"], dict.fromkeys(labels, Omission.NOBODY_ELSE))
    again = notified(mild(KADAMJAI), notifications.RAISED, *both, called=("office",), now=NIGHT)
    assert again == (labels, {"second office": Omission.NOBODY_ELSE})


def person(label: str, **changed: Any) -> Receiver:
    return receiver(label, kind=ReceiverKind.PERSON, **changed)


OFFICERS = person("Aida", roster="centre"), person("Bakyt", roster="centre")


def test_a_person_with_a_roster_is_notified_only_while_on_duty() -> None:
    assert notified(alert(KADAMJAI), notifications.RAISED, *OFFICERS, on_duty="Bakyt") == (
        ["Bakyt"],
        {"Aida": Omission.OFF_DUTY},
    )


def test_if_the_person_on_duty_does_not_get_the_alert_the_others_of_the_roster_do() -> None:
    people = person("Aida", roster="centre", areas=(LEILEK,)), person("Bakyt", roster="centre")
    other = receiver("system")
    elsewhere = {"Aida": Omission.OTHER_AREA}
    assert notified(alert(KADAMJAI), notifications.RAISED, *people, other, on_duty="Aida") == (
        ["Bakyt", "system"],
        elsewhere,
    )
    with_post = notified(
        alert(KADAMJAI), notifications.RAISED, *people, receiver("desk", roster="centre"), on_duty="Aida"
    )
    assert with_post == (["desk", "Aida"], {"Bakyt": Omission.OFF_DUTY}), "the post's person on duty gets the alert"


def test_while_nobody_is_on_duty_all_people_of_the_roster_are_notified() -> None:
    layer = {"name": "days", "people": ["Aida", "Bakyt", "who left"], "start": "2026-06-16", "shift_days": 1}
    planned = Roster.model_validate({"name": "centre", "layers": [layer]})
    plan = NotificationPlan(OFFICERS, {"centre": (planned, ())})
    on_duty = [plan.on_duty(NOW + timedelta(days=days)) for days in range(4)]
    assert on_duty == [{"centre": people} for people in ({"Aida", "Bakyt"}, {"Aida"}, {"Bakyt"}, {"Aida", "Bakyt"})]
    assert notified(alert(KADAMJAI), notifications.RAISED, *OFFICERS)[0] == ["Aida", "Bakyt"], "no such roster"


def test_with_a_post_the_person_on_duty_is_notified_whatever_the_own_conditions() -> None:
    officers = person("Aida", areas=(LEILEK,), step=7), person("Bakyt", statuses=frozenset({Status.EXERCISE}))
    post = receiver("desk", roster="centre", areas=(KADAMJAI,))
    for on_duty, reached in (("Aida", ["desk", "Aida"]), ("Bakyt", ["desk"])):
        kept, _ = notified(alert(KADAMJAI), notifications.RAISED, post, *officers, on_duty=on_duty)
        assert kept == reached, "Bakyt gets exercises only"
    elsewhere = notified(alert(LEILEK), notifications.RAISED, post, person("Bakyt"), on_duty="Bakyt")
    assert elsewhere == (["Bakyt"], {"desk": Omission.OTHER_AREA}), "once, by the person's own conditions"
    informed = notified(alert(KADAMJAI), notifications.INFORMED, post, *officers, called=("desk",), on_duty="Aida")
    assert informed[0] == ["desk"], "who takes over later is not told of an acknowledgement"


def test_whoever_takes_over_before_an_answer_gets_the_alert_with_the_next_step() -> None:
    """Another officer takes over duty while the alert is at its first step.

    The next step must also notify this officer: otherwise the officer would never get the alert.
    """
    head, chief = receiver("head", step=1), receiver("chief", step=2, is_duty_head=True)
    people = (*OFFICERS, head, chief)
    officers = (person(label, areas=(LEILEK,)) for label in ("Aida", "Bakyt"))
    posts = receiver("desk", roster="centre"), *officers, head, chief
    for receivers, called in ((people, ("Aida", "head", "chief")), (posts, ("desk", "Aida", "head", "chief"))):
        for level, kept in ((1, "head"), (2, "chief"), (3, "chief"), (8, "chief")):
            risen = alert(KADAMJAI, level=level)
            after, _ = notified(risen, notifications.ESCALATED, *receivers, called=called, on_duty="Bakyt")
            assert set(after) == {kept, "Bakyt"}
            known = (*called, "Bakyt")
            repeated, _ = notified(risen, notifications.ESCALATED, *receivers, called=known, on_duty="Bakyt")
            assert repeated == [kept], "once"


def test_an_alert_of_the_night_reaches_the_office_when_its_hours_begin() -> None:
    both = receiver("office", hours=OFFICE), receiver("night desk", step=1)
    assert notified(mild(KADAMJAI), notifications.RAISED, *both, now=NIGHT)[0] == ["night desk"]
    risen = transitions.replaced(mild(KADAMJAI), level=9)
    for hour, kept in ((7, ["night desk"]), (9, ["office", "night desk"])):
        at = NIGHT.replace(hour=hour)
        assert notified(risen, notifications.ESCALATED, *both, called=("night desk",), now=at)[0] == kept


def test_the_hours_of_a_person_on_duty_do_not_count() -> None:
    both = person("Aida", hours=OFFICE), receiver("office", hours=OFFICE)
    assert notified(mild(KADAMJAI), notifications.RAISED, *both, now=NIGHT, on_duty="Aida") == (
        ["Aida"],
        {"office": Omission.OTHER_HOURS},
    )


def test_an_alert_without_a_type_of_hazard_reaches_receivers_of_every_hazard() -> None:
    """An alert about displaced people has no type of hazard.

    Receivers with a list of types must still get the alert.
    """
    displacement = transitions.replaced(alert(KADAMJAI), hazard_type=None)
    quakes = receiver("quakes", hazards=(HazardType.EARTHQUAKE,))
    assert notified(displacement, notifications.RAISED, quakes) == (["quakes"], {})


def test_a_moved_alert_reaches_a_receiver_whose_hours_had_not_begun_when_it_was_raised() -> None:
    morning = NIGHT.replace(hour=9)
    both = receiver("office", hours=OFFICE), receiver("country")
    moved, before = mild(KADAMJAI, LEILEK), mild(KADAMJAI)
    assert notified(moved, notifications.MOVED, *both, called=("country",), before=before, now=morning) == (
        ["office"],
        {"country": Omission.CONCERNED_BEFORE},
    )


@pytest.mark.parametrize(
    ("written", "open_at", "closed_at"),
    [
        ("Fri 08:00-17:30", ["Fri 08:00", "Fri 17:29"], ["Fri 07:59", "Fri 17:30", "Sat 09:00"]),
        ("Sun 22:00-06:00", ["Sun 22:00", "Mon 05:59"], ["Sun 05:00", "Mon 06:00", "Mon 22:30"]),
        ("Fri 00:00-24:00", ["Fri 00:00", "Fri 23:59"], ["Thu 23:59", "Sat 00:00"]),
        ("Fri 08:00-08:00", ["Fri 08:00", "Sat 07:59"], ["Fri 07:59", "Sat 08:00"]),
    ],
)
def test_hours_are_local_and_may_end_on_the_next_day(written: str, open_at: list[str], closed_at: list[str]) -> None:
    def is_open(day_and_time: str) -> bool:
        day, clock = day_and_time.split()
        days = hours.DAYS.index(hours.Weekday(day)) - NIGHT.weekday()
        hour, minute = map(int, clock.split(":"))
        return hours.are_open([written], (NIGHT + timedelta(days=days)).replace(hour=hour, minute=minute))

    assert [is_open(moment) for moment in (*open_at, *closed_at)] == [True] * len(open_at) + [False] * len(closed_at)


@pytest.mark.parametrize("written", ["8-17", "Mon 8:00-17:00", "Mon 08:00", "Mo 08:00-17:00", "Mon 08:00-25:00", ""])
def test_other_forms_of_hours_are_refused(written: str) -> None:
    with pytest.raises(hours.InvalidHours, match="weekday, begin and end"):
        hours.parsed(written)


def test_a_graver_alert_reaches_all_that_were_notified_and_all_that_it_concerns() -> None:
    assert notified(
        alert(KADAMJAI),
        notifications.GRAVER,
        receiver("new"),
        receiver("known elsewhere", areas=(LEILEK,)),
        receiver("unknown elsewhere", areas=(LEILEK,)),
        called=("known elsewhere",),
    ) == (["new", "known elsewhere"], {"unknown elsewhere": Omission.OTHER_AREA})


def test_a_moved_alert_reaches_only_those_that_it_did_not_reach_before() -> None:
    both = receiver("country"), receiver("leilek", areas=(LEILEK,))
    moved, before = alert(KADAMJAI, LEILEK), alert(KADAMJAI)
    assert notified(moved, notifications.MOVED, *both, called=("country",), before=before) == (
        ["leilek"],
        {"country": Omission.CONCERNED_BEFORE},
    )


def test_a_receiver_that_a_moved_alert_concerned_before_but_never_notified_was_added_later() -> None:
    both = receiver("newcomer"), receiver("leilek", areas=(LEILEK,))
    assert notified(alert(KADAMJAI, LEILEK), notifications.MOVED, *both, before=alert(KADAMJAI)) == (
        ["leilek"],
        {"newcomer": Omission.ADDED_LATER},
    )


def test_a_moved_alert_reaches_a_step_that_became_its_first_one() -> None:
    """The alert moves from Leilek to Kadamjai.

    Before, only the receiver in Leilek was notified, at the first step.
    """
    steps = receiver("leilek", areas=(LEILEK,)), receiver("kadamjai", areas=(KADAMJAI,), step=1)
    assert notified(alert(KADAMJAI), notifications.MOVED, *steps, before=alert(KADAMJAI, LEILEK)) == (
        ["kadamjai"],
        {"leilek": Omission.OTHER_AREA},
    )


def test_an_act_is_told_to_those_notified_before_wherever_the_alert_is_now() -> None:
    assert notified(
        alert(KADAMJAI),
        notifications.INFORMED,
        receiver("leilek", areas=(LEILEK,)),
        receiver("new"),
        called=("leilek",),
    ) == (["leilek"], {"new": Omission.NEVER_NOTIFIED})


@pytest.mark.anyio
async def test_why_a_receiver_was_left_out_is_stored_for_each_notification(post: Post) -> None:
    await post.receiver("severe only", floor=Severity.SEVERE)
    await post.receiver("head", step=1)
    quake = hazard(magnitude=4.7)
    await post(quake)
    await post(revised(quake, 2, magnitude=5.6))
    rows = await post.fetch("SELECT step, reasons FROM notification_omissions ORDER BY step")
    assert [tuple(row) for row in rows] == [
        (1, {"head": "later_step", "severe only": "below_floor"}),
        (2, {"head": "later_step"}),
    ]


def test_every_reason_has_a_text_on_the_alerts_page() -> None:
    assert set(omissions.TEXTS) == set(Omission)


def test_a_change_of_a_field_that_an_alert_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="no_such_field"):
        transitions.replaced(alert(KADAMJAI), no_such_field=1)
