"""Shows the checklist on an alert's page: the steps, who has done them, and whom to call."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.alerts.alerts import Alert
from services.alerts.checklists.calls import Call
from services.alerts.checklists.checklists import Checklist, ChecklistStep
from services.alerts.duty_numbers import duty_numbers
from services.alerts.duty_numbers.duty_numbers import DutyNumber, DutyPlace
from services.alerts.models import Act
from shared.auth.tokens import Principal
from shared.country import COUNTRY
from shared.events import HazardReported
from shared.places import Places
from shared.places.localities import folded

SHOWN = 6
MOST_NUMBERS = 1_000  # If more numbers exist, the page says that the list is incomplete.


@dataclass(frozen=True, slots=True)
class LastCall:
    act: Act
    result: str


@dataclass(frozen=True, slots=True)
class ListedNumber:
    """A telephone is a pair of a link's address and the link's text."""

    number: DutyNumber
    telephones: Sequence[tuple[str, str]]
    last_call: LastCall | None

    @classmethod
    def of(cls, number: DutyNumber, last_calls: Mapping[object, LastCall]) -> "ListedNumber":
        telephones = [(f"tel:{telephone}", duty_numbers.written(telephone)) for telephone in number.contact.telephones]
        return cls(number, telephones, last_calls.get(number.number_id))


@dataclass(frozen=True, slots=True)
class ListedStep:
    step: ChecklistStep
    done: Act | None
    numbers: Sequence[ListedNumber]

    @property
    def first(self) -> Sequence[ListedNumber]:
        return self.numbers[:SHOWN]

    @property
    def further(self) -> Sequence[ListedNumber]:
        return self.numbers[SHOWN:]


@dataclass(frozen=True, slots=True)
class CallSheet:
    """`others` has the numbers of services that no step names."""

    checklist: Checklist
    steps: Sequence[ListedStep]
    others: Sequence[ListedNumber]


def sheet(
    checklist: Checklist,
    alert: Alert,
    done: Mapping[str, Act],
    numbers: Sequence[DutyNumber],
    last_calls: Mapping[object, LastCall],
) -> CallSheet:
    listed = [ListedNumber.of(number, last_calls) for number in numbers]
    steps = [
        ListedStep(
            step,
            done.get(step.id),
            [listed_number for listed_number in listed if listed_number.number.service in step.calls],
        )
        for step in checklist.steps_for(alert.severity)
    ]
    called = {service for listed_step in steps for service in listed_step.step.calls}
    return CallSheet(
        checklist, steps, [listed_number for listed_number in listed if listed_number.number.service not in called]
    )


def units(alert: Alert, caller: Principal, places: Places) -> frozenset[str] | None:
    """Returns None for all units."""
    concerned = places.around(alert.pcodes) if alert.pcodes else frozenset[str]()
    visible = places.around(caller.areas)
    if concerned is None or visible is None:
        together = concerned if visible is None else visible
    else:
        together = concerned & visible
    return None if together is None else together | {COUNTRY}


def in_order(
    numbers: Iterable[DutyNumber], alert: Alert, revision: HazardReported | None, places: Places
) -> list[DutyNumber]:
    """Numbers of the alert's locality come first, then those of its units, of the units above, and of the country."""

    def rank(number: DutyNumber) -> int:
        place = number.place
        if place.pcode == COUNTRY:
            return 4
        if is_in_locality(place, revision):
            return 0
        if not places.covers(alert.pcodes, place.pcode):
            return 3
        return 2 if place.locality else 1

    return sorted(numbers, key=rank)  # The sort is stable: numbers of equal rank keep the order of units and files.


def is_in_locality(place: DutyPlace, revision: HazardReported | None) -> bool:
    if revision is None or not place.locality:
        return False
    if place.locality_pcode and revision.locality_pcode:
        return place.locality_pcode == revision.locality_pcode
    return f" {folded(place.locality)} " in f" {folded(revision.area.description)} "


def last_calls(acts: Sequence[Act], calls: Mapping[int, Call]) -> dict[object, LastCall]:
    known = dict[object, LastCall]()
    for act in acts:
        call = calls.get(act.sequence)
        if call is not None and call.number_id is not None:
            known[call.number_id] = LastCall(act, call.result)
    return known
