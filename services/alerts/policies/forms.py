"""Reads the form of an escalation policy. Returns the policy that a person typed, and the wrong fields."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Self
from uuid import UUID

from services.alerts.policies.policies import EscalationPolicy, PolicyStep
from services.alerts.receivers.checks import LONGEST_LABEL
from services.alerts.receivers.receivers import Receiver, ReceiverKind
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
TOO_FEW = N_("At most %(most)s can be expected: only people with an account, and people on duty, acknowledge.")


class PolicyForm(TypedForm):
    """Maps names of fields to the typed texts.

    A field of a step has the step's position: `minutes-0` is how long the first step waits.

    `steps` is the number of steps.
    """

    def __init__(self, typed: Mapping[str, Sequence[str]]) -> None:
        super().__init__(typed)
        count = self.number("steps", 1, MOST_STEPS, [])
        self.steps = [{name: list(self.several(f"{name}-{at}")) for name in STEP_FIELDS} for at in range(count)]

    @classmethod
    def of(cls, policy: EscalationPolicy, places: Places) -> Self:
        """The form with the values of a stored policy."""
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
        """Adds, moves or removes a step: `add`, `up-1`, `down-0` or `drop-1`."""
        arrange(self.steps, act, {name: [USUAL[name]] if name in USUAL else [] for name in STEP_FIELDS}, MOST_STEPS)

    def parsed(
        self, places: Places, receivers: Sequence[Receiver], rosters: Collection[str], name: str | None = None
    ) -> tuple[EscalationPolicy, list[Fault]]:
        """The policy, and the wrong fields. `name` is the name of a stored policy."""
        wrong = list[Fault]()
        policy = EscalationPolicy(
            self.value("name") if name is None else name,
            tuple(self._step(at, receivers, rosters, wrong) for at in range(len(self.steps))),
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

    def _step(self, at: int, receivers: Sequence[Receiver], rosters: Collection[str], wrong: list[Fault]) -> PolicyStep:
        """The step with the receivers and rosters that still exist."""
        typed, labels = self.steps[at], {receiver.label for receiver in receivers}
        chosen = PolicyStep(
            minutes=self.number(f"minutes-{at}", 1, LONGEST_MINUTES, wrong),
            receivers=tuple(label for label in typed["receivers"] if label in labels),
            rosters=tuple(name for name in typed["rosters"] if name in rosters),
            acknowledgements=self.number(f"acknowledgements-{at}", 1, MOST_ACKNOWLEDGEMENTS, wrong),
        )
        if not chosen.receivers and not chosen.rosters:
            wrong.append(Fault(f"receivers-{at}", N_("At least one recipient or roster is expected in each step.")))
        elif (most := most_acknowledgements(chosen, receivers, rosters)) < chosen.acknowledgements:
            wrong.append(Fault(f"acknowledgements-{at}", TOO_FEW, {"most": most}))
        if not "".join(typed["minutes"]).strip():
            expected = N_("A number from %(lowest)s to %(highest)s is expected.")
            wrong.append(Fault(f"minutes-{at}", expected, {"lowest": 1, "highest": LONGEST_MINUTES}))
        return chosen


def most_acknowledgements(
    step: PolicyStep, receivers: Sequence[Receiver], rosters: Collection[str], disabled_accounts: Collection[UUID] = ()
) -> int:
    """How many people of the step can acknowledge; at least 1.

    These people are the step's receivers with an account that is not disabled, and one person on duty for each roster
    of the step or of its posts.
    """
    named = [receiver for receiver in receivers if receiver.label in step.receivers]
    accounts = {receiver.account_id for receiver in named if receiver.account_id}
    of_posts = {receiver.roster for receiver in named if receiver.kind is ReceiverKind.POST}
    return max(1, len(accounts.difference(disabled_accounts)) + len((of_posts | set(step.rosters)) & set(rosters)))


def left(policy: EscalationPolicy, receivers: Collection[str], rosters: Collection[str]) -> Iterator[str]:
    """The receivers and rosters that the policy names although they no longer exist."""
    for step in policy.steps:
        yield from (label for label in step.receivers if label not in receivers)
        yield from (name for name in step.rosters if name not in rosters)
