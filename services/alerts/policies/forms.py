"""The form of an escalation policy, and the check of its fields."""

from collections.abc import Mapping, Sequence
from typing import Self

from services.alerts.policies.policies import EscalationPolicy, PolicyStep
from services.alerts.policies.staff import Staff
from services.alerts.receivers.checks import LONGEST_LABEL
from shared.events.vocabulary import HazardType, Severity
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, TypedForm, area_faults, arrange, is_line
from shared.places import Places

MOST_POLICIES = 100
MOST_STEPS = 8
HIGHEST_POSITION = 99
MOST_REPEATS = 9
LONGEST_MINUTES = 240
STEP_FIELDS = ("minutes", "acknowledgements", "receivers", "rosters")
MOST_ACKNOWLEDGEMENTS = 20
USUAL = {"minutes": "10", "acknowledgements": "1"}
TOO_FEW = N_(
    "At most %(most)s can be expected: only people on duty, and people with an account that is not disabled, "
    "acknowledge."
)


class PolicyForm(TypedForm):
    """The name of a step's field ends with the step's position, so `minutes-0` is the waiting time of the first step.

    `steps` is the number of steps.
    """

    def __init__(self, typed: Mapping[str, Sequence[str]]) -> None:
        super().__init__(typed)
        count = self.number("steps", 1, MOST_STEPS, [])
        self.steps = [{name: list(self.several(f"{name}-{at}")) for name in STEP_FIELDS} for at in range(count)]

    @classmethod
    def of(cls, policy: EscalationPolicy, places: Places) -> Self:
        oblasts = {unit.pcode for unit in places.units(1)}
        steps = {
            f"{name}-{at}": values
            for at, step in enumerate(policy.steps)
            for name, values in (
                ("minutes", [str(step.minutes)]),
                ("acknowledgements", [str(step.acknowledgements)]),
                ("receivers", list(step.receivers)),
                ("rosters", list(step.rosters)),
            )
        }
        return cls(
            {
                "name": [policy.name],
                "position": [str(policy.position)],
                "areas": [area for area in policy.areas if area in oblasts],
                "other-areas": [", ".join(area for area in policy.areas if area not in oblasts)],
                "hazards": list(policy.hazards),
                "severities": list(policy.severities),
                "repeats": [str(policy.repeats)],
                "ends": ["on"] if policy.ends else [],
                "steps": [str(len(policy.steps))],
                **steps,
            }
        )

    def arranged(self, act: str) -> None:
        """Adds, moves or removes a step. `act` is `add`, `up-1`, `down-0` or `drop-1`."""
        arrange(self.steps, act, {name: [USUAL[name]] if name in USUAL else [] for name in STEP_FIELDS}, MOST_STEPS)

    def parsed(self, places: Places, staff: Staff, name: str | None = None) -> tuple[EscalationPolicy, list[Fault]]:
        """`name` is the stored policy's name."""
        wrong = list[Fault]()
        policy = EscalationPolicy(
            self.value("name") if name is None else name,
            tuple(self._step(at, staff, wrong) for at in range(len(self.steps))),
            position=self.number("position", 1, HIGHEST_POSITION, wrong),
            areas=self.areas(places, wrong),
            hazards=tuple(HazardType(code) for code in self.several("hazards") if code in list(HazardType)),
            severities=tuple(Severity(code) for code in self.several("severities") if code in list(Severity)),
            repeats=self.number("repeats", 0, MOST_REPEATS, wrong),
            ends=bool(self.several("ends")),
        )
        if not is_line(policy.name, LONGEST_LABEL):
            expected = N_("A name of at most %(most)s characters is expected.")
            wrong.append(Fault("name", expected, {"most": LONGEST_LABEL}))
        return policy, [*wrong, *area_faults(policy.areas, places)]

    def _step(self, at: int, staff: Staff, wrong: list[Fault]) -> PolicyStep:
        """Leaves out receivers and rosters that do not exist any more."""
        typed, labels = self.steps[at], staff.labels
        chosen = PolicyStep(
            minutes=self.number(f"minutes-{at}", 1, LONGEST_MINUTES, wrong),
            receivers=tuple(label for label in typed["receivers"] if label in labels),
            rosters=tuple(name for name in typed["rosters"] if name in staff.rosters),
            acknowledgements=self.number(f"acknowledgements-{at}", 1, MOST_ACKNOWLEDGEMENTS, wrong),
        )
        if not chosen.receivers and not chosen.rosters:
            wrong.append(Fault(f"receivers-{at}", N_("At least one recipient or roster is expected in each step.")))
        elif (most := staff.most_acknowledgements(chosen)) < chosen.acknowledgements:
            wrong.append(Fault(f"acknowledgements-{at}", TOO_FEW, {"most": most}))
        if not "".join(typed["minutes"]).strip():
            expected = N_("A number from %(lowest)s to %(highest)s is expected.")
            wrong.append(Fault(f"minutes-{at}", expected, {"lowest": 1, "highest": LONGEST_MINUTES}))
        return chosen
