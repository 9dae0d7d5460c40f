"""The forms of a roster and of an override, and the check of their fields."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Self

from pydantic import ValidationError

from services.alerts.receivers.checks import LONGEST_LABEL
from services.alerts.rosters.rosters import (
    LONGEST_OVERRIDE,
    LONGEST_REASON,
    LONGEST_SHIFT_DAYS,
    MOST_LAYERS,
    MOST_PEOPLE,
    Layer,
    Override,
    Roster,
)
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, TypedForm, arrange, is_line, iso, local_instant

LAYER_FIELDS = ("layer", "people", "start", "handover", "length", "unit", "hours", "holidays")
USUAL = {"handover": "08:00", "length": "1", "unit": "days"}
HOURS_EXPECTED = N_("Lines such as Mon 08:00-17:30 are expected, with the days Mon, Tue, Wed, Thu, Fri, Sat and Sun.")
NOT_KNOWN = N_("Not among the people who receive alerts: %(names)s")


class OverrideForm(TypedForm):
    """`begins` and `ends` are in local time."""

    def parsed(self, people: Collection[str], now: datetime) -> tuple[Override | None, list[Fault]]:
        wrong = list[Fault]()
        begins_at, ends_at = self._instant("begins", wrong), self._instant("ends", wrong)
        person, reason = self.value("person"), self.value("reason")
        if person not in people:
            wrong.append(Fault("person", N_("A person is expected.")))
        if not is_line(reason, LONGEST_REASON):
            expected = N_("A reason of at most %(most)s characters is expected.")
            wrong.append(Fault("reason", expected, {"most": LONGEST_REASON}))
        if begins_at is None or ends_at is None:
            return None, wrong
        if not timedelta() < ends_at - begins_at <= LONGEST_OVERRIDE or ends_at <= now:
            expected = N_("An end after now and after the begin, and within a year, is expected.")
            wrong.append(Fault("ends", expected))
        return Override(person, begins_at, ends_at, reason), wrong

    def _instant(self, name: str, wrong: list[Fault]) -> datetime | None:
        try:
            return local_instant(self.value(name)).replace(second=0, microsecond=0).astimezone(UTC)
        except (ValueError, OverflowError):
            wrong.append(Fault(name, N_("A date and a time are expected.")))
            return None


class RosterForm(TypedForm):
    """The name of a layer's field ends with the layer's position.

    The field `people-0`, for example, has the people of the first layer, one in each line.
    """

    def __init__(self, typed: Mapping[str, Sequence[str]]) -> None:
        super().__init__(typed)
        count = self.number("layers", 1, MOST_LAYERS, [])
        usual = USUAL if "layers" not in typed else {}
        self.layers = [
            {name: self.value(f"{name}-{at}", usual.get(name, "")) for name in LAYER_FIELDS} for at in range(count)
        ]

    @classmethod
    def of(cls, roster: Roster) -> Self:
        layers = {
            f"{name}-{at}": [value]
            for at, layer in enumerate(roster.layers)
            for name, value in (
                ("layer", layer.name),
                ("people", "\n".join(layer.people)),
                ("start", f"{layer.start:%d.%m.%Y}"),
                ("handover", f"{layer.handover:%H:%M}"),
                ("length", str(layer.shift_days or layer.shift_hours)),
                ("unit", "days" if layer.shift_days else "hours"),
                ("hours", "\n".join(layer.hours)),
                ("holidays", "on" if layer.not_on_holidays else ""),
            )
        }
        return cls({"name": [roster.name], "layers": [str(len(roster.layers))], **layers})

    def arranged(self, act: str) -> None:
        """Adds, moves or removes a layer. `act` is `add`, `up-1`, `down-0` or `drop-1`."""
        arrange(self.layers, act, {name: USUAL.get(name, "") for name in LAYER_FIELDS}, MOST_LAYERS)

    def parsed(self, people: Collection[str], name: str | None = None) -> tuple[Roster | None, list[Fault]]:
        """`name` is the stored roster's name."""
        wrong, name = list[Fault](), self.value("name") if name is None else name
        if not is_line(name, LONGEST_LABEL):
            expected = N_("A name of at most %(most)s characters is expected.")
            wrong.append(Fault("name", expected, {"most": LONGEST_LABEL}))
        layers = [self._layer(at, people, wrong) for at in range(len(self.layers))]
        titles = [typed["layer"] for typed in self.layers]
        repeated = [at for at, title in enumerate(titles) if title in titles[:at]]
        wrong += [Fault(f"layer-{at}", N_("Each layer needs a name of its own.")) for at in repeated]
        if wrong:
            return None, wrong
        return Roster(name=name, layers=tuple(layer for layer in layers if layer is not None)), []

    def _layer(self, at: int, people: Collection[str], wrong: list[Fault]) -> Layer | None:
        typed = self.layers[at]
        named = [line.strip() for line in typed["people"].splitlines() if line.strip()]
        unknown = list(dict.fromkeys(person[:LONGEST_LABEL] for person in named if person not in people))
        if unknown:
            wrong.append(Fault(f"people-{at}", NOT_KNOWN, {"names": ", ".join(unknown[:5])}))
        fields = {
            "name": typed["layer"],
            "people": named,
            "start": iso(typed["start"]),
            "handover": typed["handover"],
            "shift_days" if typed["unit"] == "days" else "shift_hours": typed["length"],
            "hours": [line.strip() for line in typed["hours"].splitlines() if line.strip()],
            "not_on_holidays": bool(typed["holidays"]),
        }
        try:
            return Layer.model_validate(fields)
        except ValidationError as error:
            wrong += [fault_of(str(detail["loc"][0]) if detail["loc"] else "", at) for detail in error.errors()]
            return None


def fault_of(field: str, at: int) -> Fault:
    match field:
        case "name":
            expected, values = N_("A name of at most %(most)s characters is expected."), {"most": LONGEST_LABEL}
            return Fault(f"layer-{at}", expected, values)
        case "people":
            return Fault(f"people-{at}", N_("From 1 to %(most)s people are expected."), {"most": MOST_PEOPLE})
        case "start":
            return Fault(f"start-{at}", N_("A date since the year 2000 is expected."))
        case "handover":
            return Fault(f"handover-{at}", N_("A time such as 08:00 is expected."))
        case "hours":
            return Fault(f"hours-{at}", HOURS_EXPECTED)
    return Fault(f"length-{at}", N_("A shift of 1 hour to %(most)s days is expected."), {"most": LONGEST_SHIFT_DAYS})
