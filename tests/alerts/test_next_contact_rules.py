"""Tests, without a database, whether and how a receiver's next contact is notified, and for which reason."""

from dataclasses import replace
from uuid import uuid4

import pytest

from services.alerts import transitions
from services.alerts.acts import acts
from services.alerts.acts.acts import Actor, acknowledged
from services.alerts.delivery.next_contacts import following, next_contacts, reason
from services.alerts.delivery.notices import Follows
from services.alerts.delivery.words import HazardWords, with_words
from services.alerts.queries.contacts import DueDelivery
from services.alerts.receivers.receivers import Contact, Receiver, ReceiverKind, in_order
from services.alerts.rules.findings import Finding
from services.alerts.rules.hazard import decide
from shared import tracing
from shared.events.vocabulary import DeliveryChannel, Scope, Severity, Verdict
from shared.places.watched import WatchedArea
from tests.alerts.factories import NOW, hazard, rules
from tests.alerts.test_next_contacts import EMAIL, FIVE_MINUTES, MAIL, WEBHOOK


def due(
    channel: DeliveryChannel = WEBHOOK, *, is_delivered: bool | None = None, failure: str | None = None
) -> DueDelivery:
    return DueDelivery(uuid4(), uuid4(), 1, "officer", channel, "raised", "{}", is_delivered, failure)


def test_the_next_contact_follows_in_order_and_the_last_one_has_none() -> None:
    officer = Receiver("officer", WEBHOOK, "https://hook.example/")
    chat = Contact(DeliveryChannel.TELEGRAM, "telegram:42")
    assert next_contacts(due(WEBHOOK), officer, [MAIL, chat]) == [MAIL]
    assert next_contacts(due(EMAIL), officer, [MAIL]) == []
    assert next_contacts(due(EMAIL), officer, [chat]) == [officer.first_contact, chat], "the mail address was removed"


def test_contacts_wait_for_five_minutes_unless_stated_and_the_last_one_for_nothing() -> None:
    contacts = [Contact(WEBHOOK, "https://hook.example/"), Contact(EMAIL, "a@b.example", 60), Contact(WEBHOOK, "", 60)]
    assert [contact.wait_seconds for contact in in_order(contacts)] == [300, 60, None]


def test_why_the_next_contact_is_notified() -> None:
    person = Receiver("officer", WEBHOOK, "https://hook.example/", kind=ReceiverKind.PERSON)
    post = Receiver("desk", WEBHOOK, "https://hook.example/")
    finding = decide(hazard(), rules(), WatchedArea.load(), NOW)
    assert isinstance(finding, Finding)
    alert = transitions.raised(finding, None, NOW)
    answered = acknowledged(alert, Actor(uuid4(), "Aibek"), NOW, FIVE_MINUTES)
    delivered = due(is_delivered=True)
    assert alert.severity is Severity.MODERATE
    assert reason(due(), post, alert) is Follows.NO_RESULT
    assert reason(due(failure="http_503"), post, answered) is Follows.FAILED
    assert reason(due(is_delivered=False, failure="http_410"), post, alert) is Follows.FAILED
    assert reason(delivered, person, alert) is Follows.UNANSWERED
    assert reason(delivered, person, None) is Follows.UNANSWERED, "an unreadable alert may need an answer"
    assert (reason(delivered, person, answered), reason(delivered, post, alert)) == (None, None)


@pytest.mark.parametrize("severity", [Severity.SEVERE, Severity.EXTREME, Severity.UNKNOWN])
def test_a_grave_alert_that_a_post_does_not_answer_goes_to_its_next_contact(severity: Severity) -> None:
    post = Receiver("desk", WEBHOOK, "https://hook.example/", kind=ReceiverKind.POST)
    finding = decide(hazard(), rules(), WatchedArea.load(), NOW)
    assert isinstance(finding, Finding)
    grave = transitions.replaced(transitions.raised(finding, None, NOW), severity=severity)
    answered = acknowledged(grave, Actor(uuid4(), "Aibek"), NOW, FIVE_MINUTES)
    delivered, system = due(is_delivered=True), replace(post, kind=ReceiverKind.SYSTEM)
    assert (reason(delivered, post, grave), reason(delivered, post, answered)) == (Follows.UNANSWERED, None)
    assert reason(delivered, post, None) is Follows.UNANSWERED, "an unreadable alert may be grave"
    assert reason(delivered, system, grave) is None


def test_an_assignee_who_does_not_act_gets_the_next_contact_also_of_an_acknowledged_alert() -> None:
    account, aibek = uuid4(), Actor(uuid4(), "Aibek")
    person = Receiver("officer", WEBHOOK, "https://hook.example/", kind=ReceiverKind.PERSON, account_id=account)
    told, later = replace(due(is_delivered=True), cause="assigned"), NOW + FIVE_MINUTES
    finding = decide(hazard(), rules(), WatchedArea.load(), NOW)
    assert isinstance(finding, Finding)
    answered = acts.acknowledged(transitions.raised(finding, None, NOW), aibek, NOW, FIVE_MINUTES)
    given = acts.assigned(answered, aibek, account, "officer", NOW, FIVE_MINUTES)
    assert given.demand is None
    assert reason(told, person, given) is Follows.UNANSWERED
    assert reason(replace(told, cause="acknowledged"), person, given) is None
    assert reason(told, replace(person, account_id=uuid4()), given) is None
    acted = Actor(account, "officer")
    ended = (
        acts.commented(given, acted, later, FIVE_MINUTES),
        acts.progressed(given, acted, later),
        acts.snoozed(given, acted, later, later + FIVE_MINUTES),
        acts.resolved(given, Verdict.CONFIRMED, aibek, later),
    )
    assert reason(told, person, acts.snoozed(given, aibek, later, later + FIVE_MINUTES)) is Follows.UNANSWERED
    assert [reason(told, person, alert) for alert in ended] == [None] * 4


def test_a_person_who_has_acknowledged_is_not_asked_again_while_others_must_acknowledge() -> None:
    first, second = (
        Receiver(label, WEBHOOK, "https://hook.example/", kind=ReceiverKind.PERSON, account_id=uuid4())
        for label in ("officer 1", "officer 2")
    )
    finding = decide(hazard(), rules(), WatchedArea.load(), NOW)
    assert isinstance(finding, Finding)
    partly = transitions.replaced(transitions.raised(finding, None, NOW), partly_acknowledged_by=(first.account_id,))
    delivered = due(is_delivered=True)
    assert (reason(delivered, first, partly), reason(delivered, second, partly)) == (None, Follows.UNANSWERED)
    stalled = transitions.replaced(partly, acknowledged_at=NOW, is_ringing=True)
    assert reason(delivered, first, stalled) is Follows.UNANSWERED, "nobody acts, and the alert demands an action"


def test_only_a_mail_about_a_moderate_alert_to_the_next_contact_may_be_combined() -> None:
    officer = Receiver("officer", WEBHOOK, "https://hook.example/")
    finding = decide(hazard(), rules(), WatchedArea.load(), NOW)
    assert isinstance(finding, Finding)
    moderate = transitions.raised(finding, None, NOW)
    severe = transitions.replaced(moderate, severity=Severity.SEVERE)
    folds = [
        following(due(), Follows.FAILED, officer, contact, alert, NOW).is_foldable
        for contact, alert in ((MAIL, moderate), (MAIL, severe), (officer.first_contact, moderate))
    ]
    assert (moderate.severity, folds) == (Severity.MODERATE, [True, False, False])


def test_the_next_contact_of_a_receiver_that_is_no_longer_internal_gets_no_restricted_text() -> None:
    officer = Receiver("officer", WEBHOOK, "https://hook.example/")
    content = with_words("{}", HazardWords(scope=Scope.RESTRICTED, locality="Kara-Suu"))
    own, external = (
        following(replace(due(), content=content), Follows.UNANSWERED, receiver, MAIL, None, NOW).content
        for receiver in (replace(officer, is_internal=True), officer)
    )
    assert (own, "Kara-Suu" in external) == (content, False)


def test_the_message_to_the_next_contact_continues_the_trace_of_the_message_before() -> None:
    officer, first = Receiver("officer", WEBHOOK, "https://hook.example/"), f"00-{'a' * 32}-{'b' * 16}-01"
    with tracing.Continued(f"00-{'c' * 32}-{'d' * 16}-01"):
        traces = [
            following(replace(due(), traceparent=trace), Follows.FAILED, officer, MAIL, None, NOW).traceparent
            for trace in (first, None)
        ]
    assert traces == [first, None]
