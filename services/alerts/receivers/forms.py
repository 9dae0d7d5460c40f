"""The form of a receiver, and the check of its fields."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Self, TypeVar
from uuid import UUID

from services.alerts.receivers.checks import HIGHEST_STEP, contact_of, faults
from services.alerts.receivers.hours import DAYS, InvalidHours, parsed
from services.alerts.receivers.receivers import USUAL_WAIT_SECONDS, Contact, Receiver, ReceiverKind
from shared.events.vocabulary import HazardType, Severity, Status
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, TypedForm, is_number
from shared.places import Places

MOST_CONTACTS = 6
MINUTE = 60
Codes = TypeVar("Codes", Severity, ReceiverKind)


class ReceiverForm(TypedForm):
    """`addresses` and `minutes` have one item for each contact, in the order of the contacts."""

    def __init__(self, typed: Mapping[str, Sequence[str]]) -> None:
        super().__init__(typed)
        addresses, minutes = typed.get("address", ("",)), typed.get("minutes", ())
        waits = [*minutes, *([""] * len(addresses))]
        self.contacts = list(zip(addresses, waits, strict=False))[:MOST_CONTACTS]

    @classmethod
    def of(cls, receiver: Receiver, further: Iterable[Contact], places: Places) -> Self:
        contacts = [receiver.first_contact, *further]
        oblasts = {unit.pcode for unit in places.units(1)}
        hours = {day: ", ".join(window[4:] for window in receiver.hours if window[:3] == day) for day in DAYS}
        return cls(
            {
                "label": [receiver.label],
                "kind": [receiver.kind],
                "organisation": [receiver.organisation or ""],
                "post": [receiver.post or ""],
                "account_id": [str(receiver.account_id or "")],
                "language": [receiver.language],
                "statuses": sorted(receiver.statuses),
                "step": [str(receiver.step)],
                "floor": [receiver.floor],
                "areas": [area for area in receiver.areas if area in oblasts],
                "other-areas": [", ".join(area for area in receiver.areas if area not in oblasts)],
                "hazards": list(receiver.hazards),
                "roster": [receiver.roster or ""],
                "is_duty_head": ["on"] if receiver.is_duty_head else [],
                "is_internal": ["on"] if receiver.is_internal else [],
                "address": [contact.address for contact in contacts],
                "minutes": [str((contact.wait_seconds or USUAL_WAIT_SECONDS) // MINUTE) for contact in contacts],
                **{f"hours-{day}": [windows] for day, windows in hours.items()},
            }
        )

    @property
    def has_hours(self) -> bool:
        return any(self.value(f"hours-{day}") for day in DAYS)

    def arranged(self, act: str) -> None:
        """Moves, removes or adds a contact. `act` is `up-1`, `down-0`, `drop-1` or `add`."""
        deed, _, position = act.partition("-")
        at = int(position) if position.isdigit() else -1
        if deed == "add" and len(self.contacts) < MOST_CONTACTS:
            self.contacts.append(("", ""))
        elif deed == "drop" and 0 <= at < len(self.contacts) > 1:
            del self.contacts[at]
        elif deed in ("up", "down"):
            other = at - 1 if deed == "up" else at + 1
            if 0 <= at < len(self.contacts) and 0 <= other < len(self.contacts):
                self.contacts[at], self.contacts[other] = self.contacts[other], self.contacts[at]

    def parsed(self, places: Places, label: str | None = None) -> tuple[Receiver, list[Contact], list[Fault]]:
        """`label` is the stored receiver's label."""
        wrong = list[Fault]()
        areas = self.areas(places, wrong)
        account = self._account(wrong)
        first, *further = self._contacts(wrong)
        receiver = Receiver(
            self.value("label") if label is None else label,
            first.channel,
            first.address,
            language=self.value("language", "ky"),
            statuses=frozenset(Status(code) for code in self.several("statuses") if code in list(Status)),
            step=self.number("step", 0, HIGHEST_STEP, wrong),
            areas=areas,
            floor=self._code("floor", Severity, Severity.MINOR),
            is_internal=bool(self.several("is_internal")),
            kind=self._code("kind", ReceiverKind, ReceiverKind.POST),
            organisation=self.value("organisation") or None,
            post=self.value("post") or None,
            account_id=account,
            hazards=tuple(HazardType(code) for code in self.several("hazards") if code in list(HazardType)),
            wait_seconds=first.wait_seconds,
            roster=self.value("roster") or None,
            is_duty_head=bool(self.several("is_duty_head")),
        )
        hours = self._hours(wrong)
        receiver = replace(receiver, hours=tuple(hours))
        known = {fault.name for fault in wrong}
        others = [fault for fault in faults(receiver, further, places) if fault.name not in known]
        return receiver, further, [*wrong, *others]

    def _contacts(self, wrong: list[Fault]) -> list[Contact]:
        """Keeps at least one row, even if every row is empty."""
        typed = [(address.strip(), minutes.strip()) for address, minutes in self.contacts if address.strip()]
        contacts = [contact_of(address) for address, _ in typed or [("", "")]]
        waits = [minutes for _, minutes in typed[:-1]]
        for position, minutes in enumerate(waits):
            if minutes and not is_number(minutes):
                wrong.append(Fault(f"wait-{position}", N_("1 to 60 minutes are expected.")))
            elif minutes:
                contacts[position] = replace(contacts[position], wait_seconds=int(minutes) * MINUTE)
        return contacts

    def _hours(self, wrong: list[Fault]) -> list[str]:
        """If a day has an invalid window, the day's field is wrong."""
        hours = list[str]()
        for day in DAYS:
            typed = self.value(f"hours-{day}").replace("–", "-").replace(" ", "")
            try:
                windows = [f"{day} {window}" for window in typed.split(",") if window]
                list(map(parsed, windows))
                hours += windows
            except InvalidHours:
                wrong.append(Fault(f"hours-{day}", N_("Hours like 08:00-17:30 are expected, several with commas.")))
        return hours

    def _account(self, wrong: list[Fault]) -> UUID | None:
        typed = self.value("account_id")
        try:
            return UUID(typed) if typed else None
        except ValueError:
            wrong.append(
                Fault(
                    "account_id", N_("The id of an account is expected, such as 0190f5fe-7c00-7a00-8000-000000000001.")
                )
            )
            return None

    def _code(self, name: str, codes: type[Codes], usual: Codes) -> Codes:
        typed = self.value(name)
        return codes(typed) if typed in list(codes) else usual
