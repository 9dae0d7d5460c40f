"""Checks the receiver that a person typed into a form. Each fault names a wrong field and the expected value."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from email.headerregistry import Address
from urllib.parse import urlsplit

from services.alerts.receivers.hours import MOST, InvalidHours, parsed
from services.alerts.receivers.receivers import Contact, Receiver, ReceiverKind
from services.alerts.sms import numbers
from services.alerts.telegram import chats
from services.alerts.telegram.chats import Chat
from shared.events.vocabulary import DeliveryChannel
from shared.pages.languages import LANGUAGES
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, area_faults, is_line
from shared.places import Places

LONGEST_LABEL = 80
LONGEST_TEXT = 150
LONGEST_ADDRESS = 500
HIGHEST_STEP = 20
SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 60, 3600
UNKNOWN_CHANNEL = N_("An address of a channel that this release knows is expected.")
ADDRESSES: Mapping[str, str] = {
    DeliveryChannel.WEBHOOK: N_("An https:// address is expected."),
    DeliveryChannel.TELEGRAM: N_("A Telegram chat like telegram:-100123 or telegram:-100123/4 is expected."),
    DeliveryChannel.SMS: N_("A mobile number with its country code is expected, like sms:+996700123456."),
    DeliveryChannel.EMAIL: N_("An e-mail address is expected, for example duty@centre.example."),
}


def faults(receiver: Receiver, further: Sequence[Contact], places: Places) -> list[Fault]:
    """The name of a contact's field ends with the contact's position, so `address-0` is the first contact's address."""
    contacts = [receiver.first_contact, *further]
    return [*_faults(receiver, places), *(fault for at in range(len(contacts)) for fault in _of_contact(at, contacts))]


def _of_contact(position: int, contacts: Sequence[Contact]) -> Iterator[Fault]:
    contact = contacts[position]
    if not is_address(contact.channel, contact.address):
        yield Fault(f"address-{position}", ADDRESSES.get(contact.channel, UNKNOWN_CHANNEL))
    if contact.channel in {earlier.channel for earlier in contacts[:position]}:
        yield Fault(f"address-{position}", N_("Each channel is expected once: this one has a contact already."))
    wait = contact.wait_seconds
    if wait is not None and not SHORTEST_WAIT_SECONDS <= wait <= LONGEST_WAIT_SECONDS:
        yield Fault(f"wait-{position}", N_("1 to 60 minutes are expected."))


def _faults(receiver: Receiver, places: Places) -> Iterator[Fault]:
    if not is_line(receiver.label, LONGEST_LABEL):
        yield Fault("label", N_("A name of at most %(most)s characters is expected."), {"most": LONGEST_LABEL})
    for name, text in (("organisation", receiver.organisation), ("post", receiver.post)):
        if text is not None and not is_line(text, LONGEST_TEXT):
            yield Fault(name, N_("At most %(most)s characters are expected."), {"most": LONGEST_TEXT})
    if receiver.language not in LANGUAGES:
        languages = ", ".join(LANGUAGES)
        yield Fault("language", N_("One of %(languages)s is expected as language."), {"languages": languages})
    if not 0 <= receiver.step <= HIGHEST_STEP:
        expected = N_("A number from %(lowest)s to %(highest)s is expected.")
        yield Fault("step", expected, {"lowest": 0, "highest": HIGHEST_STEP})
    if not receiver.statuses:
        yield Fault("statuses", N_("At least one kind of alert is expected."))
    yield from area_faults(receiver.areas, places)
    if not are_hours(receiver.hours):
        shown = {"most": MOST}
        yield Fault(
            "hours", N_("At most %(most)s windows like “Mon 08:00-17:30” or “Fri 20:00-06:00” are expected."), shown
        )


def roster_faults(receiver: Receiver, rosters: Collection[str]) -> list[Fault]:
    if receiver.roster is None:
        return []
    if receiver.kind is ReceiverKind.SYSTEM:
        return [Fault("roster", N_("A roster is expected only for a person or a post."))]
    if receiver.roster not in rosters:
        known = ", ".join(sorted(rosters)[:5]) or "-"
        return [Fault("roster", N_("The name of a roster is expected. Rosters: %(names)s"), {"names": known})]
    return []


def are_hours(hours: tuple[str, ...]) -> bool:
    try:
        return len([parsed(written) for written in hours]) <= MOST
    except InvalidHours:
        return False


def contact_of(address: str) -> Contact:
    """Returns the typed address in the form in which addresses are stored."""
    channel = channel_of(address)
    return Contact(channel, numbers.stored(address) if channel is DeliveryChannel.SMS else address)


def channel_of(address: str) -> DeliveryChannel:
    if address.startswith(numbers.PREFIX):
        return DeliveryChannel.SMS
    if address.startswith(chats.PREFIX):
        return DeliveryChannel.TELEGRAM
    return DeliveryChannel.WEBHOOK if address.startswith(("https://", "http://")) else DeliveryChannel.EMAIL


def is_address(channel: str, address: str) -> bool:
    if channel not in ADDRESSES or len(address) > LONGEST_ADDRESS or not address.isprintable() or " " in address:
        return False
    try:
        if channel is DeliveryChannel.WEBHOOK:
            url = urlsplit(address)
            return url.scheme in ("https", "http") and bool(url.hostname) and url.port != 0
        if channel is DeliveryChannel.TELEGRAM:
            return bool(Chat.of(address))
        if channel is DeliveryChannel.SMS:
            return bool(numbers.number_of(address))
        return bool(Address(addr_spec=address).domain)
    except (ValueError, IndexError):
        return False
