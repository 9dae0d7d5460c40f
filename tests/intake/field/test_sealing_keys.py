"""A phone seals reports to the centre's newest key. If the newest key is lost, the phone uses an older key."""

from playwright.sync_api import BrowserContext, expect

from shared.auth.tokens import Role
from shared.crypto import keyring
from tests.browsers import wait_for_script
from tests.intake.field.phones import KEEP, Centre, filled, kept_reports, opened, signed_in, written


def test_a_report_sealed_before_a_rotation_is_sent_after_it(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    written(page)
    keyring.draw(centre.installation.secrets / "phones-key")
    signed_in(page, centre.account(Role.FIELD))
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")


def test_a_report_whose_key_is_missing_stays_and_is_sent_when_the_key_is_back(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    written(page)
    gone = {"type": "urn:dayar:problem:no-such-phone-key", "status": 422, "title": "no such key"}
    page.route("**/v1/displacements:sealed", lambda route: route.fulfill(status=422, json=gone))
    with page.expect_response("**/field/key"):  # the phone forgets the refused key, and requests the newest key
        signed_in(page, centre.account(Role.FIELD))
    expect(page.locator("#reports .answer")).to_contain_text("The centre cannot open this report")
    assert len(kept_reports(page, centre)) == 1
    page.unroute("**/v1/displacements:sealed")
    # to the page, the event means that the author looks at it again
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")


def test_a_phone_learns_the_key_of_a_rotation_from_the_answer_to_a_report(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    old = page.evaluate("JSON.parse(localStorage.getItem('dayar.centre-key')).kid")
    answer = {"status": 202, "json": {"status": "accepted"}, "headers": {"dayar-phone-key": f"f{old[1:]}"}}
    page.route("**/v1/displacements:sealed", lambda route: route.fulfill(**answer))
    with page.expect_response("**/field/key") as asked:
        filled(page)
    assert not asked.value.from_service_worker


def test_a_key_that_the_centre_lost_is_forgotten_and_an_older_one_is_used(
    phone: BrowserContext, centre: Centre
) -> None:
    """A restored backup may contain only an earlier key of the centre."""
    page = opened(phone, centre)
    key = page.evaluate("JSON.parse(localStorage.getItem('dayar.centre-key'))")
    page.evaluate(KEEP, ["dayar.centre-key", {**key, "kid": "ffffffff-00000000"}])
    with phone.expect_event("requestfinished", lambda request: request.url.endswith("/field/key")):
        page.reload()
    wait_for_script(page, f"JSON.parse(localStorage.getItem('dayar.centre-key')).kid === '{key['kid']}'")
    page.route("**/field/key", lambda route: route.fulfill(json={"kid": "ffffffff-00000000", "public": "AAAA"}))
    page.reload()
    filled(page)
    [report] = kept_reports(page, centre)
    assert report["sealed"]["kid"] == key["kid"]
