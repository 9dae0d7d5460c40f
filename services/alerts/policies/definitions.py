"""Reads and writes definitions of escalation policies in TOML or JSON, with the same checks as the page."""

from dataclasses import asdict

from pydantic import BaseModel, ConfigDict, TypeAdapter

from services.alerts import definitions
from services.alerts.policies.forms import MOST_STEPS, PolicyForm
from services.alerts.policies.policies import EscalationPolicy
from services.alerts.policies.staff import Staff
from shared.errors import DocumentedError
from shared.events.vocabulary import HazardType, Severity
from shared.pages.typed_forms import Fault
from shared.places import Places

_policy = TypeAdapter(EscalationPolicy)
NO_STEPS = "1 to %(most)s steps are expected."
UNKNOWN = "Names of recipients and rosters are expected. There is no: %(names)s"


class InvalidPolicy(DocumentedError):
    """An escalation policy in TOML or JSON is expected: a name, and steps with minutes, receivers or rosters."""


class StepDefinition(BaseModel):
    """A step in a file has the fields of `PolicyStep`. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")

    minutes: int
    acknowledgements: int = 1
    receivers: tuple[str, ...] = ()
    rosters: tuple[str, ...] = ()


class PolicyDefinition(BaseModel):
    """A policy in a file has the fields of `EscalationPolicy`. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")

    name: str
    steps: tuple[StepDefinition, ...]
    position: int = 1
    areas: tuple[str, ...] = ()
    hazards: tuple[HazardType, ...] = ()
    severities: tuple[Severity, ...] = ()
    repeats: int = 0
    ends: bool = False


def read(content: bytes) -> EscalationPolicy:
    """Raises InvalidPolicy, whose argument names each wrong field and the expected value."""
    definition = definitions.read(content, PolicyDefinition, InvalidPolicy)
    return _policy.validate_python(definition.model_dump())


def written(policy: EscalationPolicy) -> str:
    return PolicyDefinition.model_validate(asdict(policy)).model_dump_json(indent=2)


def faults(policy: EscalationPolicy, places: Places, staff: Staff) -> list[Fault]:
    """A step may name only receivers and rosters that exist."""
    if not 1 <= len(policy.steps) <= MOST_STEPS:
        return [Fault("steps", NO_STEPS, {"most": MOST_STEPS})]
    if unknown := staff.left(policy):
        return [Fault("steps", UNKNOWN, {"names": ", ".join(unknown)})]
    return PolicyForm.of(policy, places).parsed(places, staff)[1]
