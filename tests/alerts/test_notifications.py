"""Stages select the receivers of a notification, with a reason for each receiver that is left out."""

from typing import Any

import pytest

from services.alerts import alerts, notifications, omissions
from services.alerts.alerts import Alert
from services.alerts.notifications import Notification, Omission, recipients
from services.alerts.receivers import Receiver
from services.alerts.rules.findings import Finding
from services.alerts.rules.hazard import decide
from shared.events.vocabulary import DeliveryChannel, Severity, Status
from shared.places import Places
from shared.places.watched import WatchedArea
from tests.alerts.factories import BATKEN, KADAMJAI, LEILEK, NOW, hazard, mudflow, rules
from tests.alerts.post import Post, revised

PLACES, WATCHED = Places.load(), WatchedArea.load()


def receiver(label: str, **changed: Any) -> Receiver:
    return Receiver(label, DeliveryChannel.WEBHOOK, "https://hook.example/", **changed)


def alert(*pcodes: str, level: int = 0, status: Status = Status.ACTUAL) -> Alert:
    """An alert about a Severe mudflow."""
    decision = decide(mudflow(area={"pcodes": list(pcodes)}, status=status), rules(), WATCHED, NOW)
    assert isinstance(decision, Finding)
    return alerts.replaced(alerts.raised(decision, None, NOW), level=level)


def notified(
    alert: Alert,
    stages: tuple[notifications.Stage, ...],
    *receivers: Receiver,
    called: tuple[str, ...] = (),
    before: Alert | None = None,
) -> tuple[list[str], dict[str, Omission]]:
    kept, omissions = recipients(Notification(alert, receivers, PLACES, called, before), stages)
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
    assert notified(alert(KADAMJAI, level=level), notifications.RAISED, *steps) == (kept, omissions)


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
    """The alert moved from Leilek to Kadamjai. Only the receiver in Leilek, at the first step, was notified before."""
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
        alerts.replaced(alert(KADAMJAI), no_such_field=1)
