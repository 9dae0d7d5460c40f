"""Makes the reports that the registry reads: Kafka records that are sealed to the registry's key."""

import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from services.registry.config import RegistrySettings
from services.registry.digests import Digests
from services.registry.handlers import Registrar
from services.registry.opening import ReportOpener
from services.registry.search.keys import SearchKeys
from shared import events
from shared.crypto import keyring, seal
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events import (
    GroupCorrectionReported,
    GroupMovementReport,
    GroupMovementReported,
    GroupReport,
    GroupReported,
    GroupSealed,
    HouseholdCorrectionReported,
    HouseholdMovementReport,
    HouseholdMovementReported,
    HouseholdMovementSealed,
    HouseholdReport,
    HouseholdReported,
    HouseholdSealed,
    Message,
    MovementSealed,
    SiteMovementReport,
    SiteMovementReported,
)
from shared.events.vocabulary import Flag, SubmissionChannel
from shared.messaging.records import Received, Record
from shared.places import Places

NOON = datetime(2026, 6, 15, 6, tzinfo=UTC)
# For each kind of report, four models: the body, the sealed part, the event of the first version, and the event of a
# correction.
MODELS: dict[str, Any] = {
    "household": ((HouseholdReport, HouseholdSealed), HouseholdReported, HouseholdCorrectionReported),
    "group": ((GroupReport, GroupSealed), GroupReported, GroupCorrectionReported),
    "household_movement": (
        (HouseholdMovementReport, HouseholdMovementSealed),
        HouseholdMovementReported,
        HouseholdMovementReported,
    ),
    "site_movement": ((SiteMovementReport, MovementSealed), SiteMovementReported, SiteMovementReported),
    "group_movement": ((GroupMovementReport, MovementSealed), GroupMovementReported, GroupMovementReported),
}
# parts of the totals of figures, if nobody was asked about functioning
NOT_ASKED = {"assessed": 0, "with_disability": 0}
OSH, KADAMJAI, LEILEK, BATKEN = "KG06226000000", "KG05258000000", "KG05236000000", "KG05214000000"


def family(count: int = 5) -> list[dict[str, Any]]:
    people = (
        ("head", "male", "1984-05-02", "Асан", "Токтогулов"),
        ("spouse", "female", "1986-11-20", "Айгүл", "Токтогулова"),
        ("child", "female", "2009-01-31", "Жылдыз", "Токтогулова"),
        ("child", "male", "2016-07-07", "Нурбек", "Токтогулов"),
        ("parent", "female", "1955-03-08", "Бурул", "Токтогулова"),
    )
    return [
        {
            "member_id": str(uuid4()),
            "relationship": relationship,
            "sex": sex,
            "birth_date": born,
            "given_name": given_name,
            "family_name": name,
        }
        for relationship, sex, born, given_name, name in itertools.islice(itertools.cycle(people), count)
    ]


def household(**changed: Any) -> dict[str, Any]:
    """Makes the report of a family of five. A mudflow displaced the family from Kadamjai to Leilek."""
    body = {
        "kind": "household",
        "report_id": str(uuid4()),
        "household_id": str(uuid4()),
        "version": 1,
        "occurred_at": NOON.isoformat(),
        "reported_at": (NOON + timedelta(hours=2)).isoformat(),
        "origin": {"pcode": KADAMJAI},
        "destination": {"pcode": LEILEK},
        "persons": 5,
        "reasons": ["natural_disaster"],
        "hazard_type": "mudflow",
        "members": family(),
        "phone": "+996 555 123456",
        "shelter": "tent",
        "needs": ["shelter", "water"],
        "notes": "мост снесло",
    }
    return {**body, **changed}


def group(**changed: Any) -> dict[str, Any]:
    body = {
        "kind": "group",
        "report_id": str(uuid4()),
        "group_id": str(uuid4()),
        "version": 1,
        "occurred_at": NOON.isoformat(),
        "reported_at": NOON.isoformat(),
        "origin": {"pcode": KADAMJAI},
        "destination": {"pcode": BATKEN},
        "persons": 120,
        "measure": "stock",
        "quantifier": "approximately",
        "reasons": ["natural_disaster"],
        "sex_age": [{"sex": "female", "age": "0-5", "count": 20}],
        "households": 25,
        "source_type": "local_authority",
    }
    return {**body, **changed}


def movement(of: dict[str, Any], movement: str, **changed: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "kind": f"{of['kind']}_movement",
        "report_id": str(uuid4()),
        f"{of['kind']}_id": of[f"{of['kind']}_id"],
        "movement": movement,
        "occurred_at": (NOON + timedelta(days=1)).isoformat(),
        "reported_at": (NOON + timedelta(days=1, hours=2)).isoformat(),
    }
    return {**body, **changed}


class Desk:
    def __init__(self, keys: Path) -> None:
        if not (keys / "public.key").exists():
            seal.generate(keys)
        self._sealer = seal.Sealer(keys / "public.key")
        keyring.draw_first(keys / "digests")
        self._keys = seal.Opener(keys / "private")
        self.use(Digests(keys / "digests"))
        self._offsets = itertools.count()

    def use(self, digests: Callable[[bytes], bytes]) -> None:
        """From now on, makes digests with these keys, as a worker makes them."""
        self._opener = ReportOpener(self._keys, digests)

    def plain_digests(self, bodies: Iterable[dict[str, Any]], **stamps: Any) -> dict[bytes, bytes]:
        """Returns for each body's keyed digest the digest without a key.

        Earlier releases of Dayar stored digests without a key.
        """
        keyed = self._opener
        plain = ReportOpener(self._keys, lambda digest: digest)
        messages = [self.message(body, **stamps) for body in bodies]
        return {keyed(self.record(each)).digest: plain(self.record(each)).digest for each in messages}

    def message(
        self,
        body: dict[str, Any],
        *,
        author: UUID,
        team: UUID | None = None,
        flags: tuple[Flag, ...] = (),
        registrar_areas: tuple[str, ...] = (),
        channel: SubmissionChannel = SubmissionChannel.FIELD,
        places_version: str | None = None,
        unknown: Mapping[str, Any] | None = None,
    ) -> Message:
        """Makes the message of a report. `unknown` contains additional fields, which are not encrypted.

        The seal authenticates all fields that are not encrypted, including unknown fields.
        """
        parts, first, correction = MODELS[body["kind"]]
        report = parts[0].model_validate(body)
        fields = set(parts[1].model_fields)
        model = first if report.version == 1 else correction
        event_id = events.event_id(model.event_type, author, report.report_id, report.version)
        plain = report.model_dump_json(include=fields, exclude_defaults=True).encode()
        reported = model.model_construct(
            **{name: value for name, value in report if name not in fields},
            author=author,
            team=team,
            channel=channel,
            received_at=report.reported_at,
            flags=tuple(flags),
            places_version=places_version,
            **({"registrar_areas": registrar_areas} if registrar_areas else {}),
        )
        message = events.message(reported, id=event_id, source="/intake", time=report.reported_at)
        clear = json.dumps({**json.loads(message.value), **unknown}).encode() if unknown else message.value
        aad = seal.report_aad(kid=self._sealer.kid, event_type=model.event_type, event_id=event_id, clear=clear)
        return message._replace(value=seal.with_box(clear, self._sealer.seal_json(plain, aad)))

    def received(self, body: dict[str, Any], *, headers: tuple[events.Header, ...] = (), **stamps: Any) -> Received:
        message = self.message(body, **stamps)
        return self._opener(self.record(message._replace(headers=(*message.headers, *headers))))

    def record(self, message: Message) -> Record:
        return Record(message.topic, 0, next(self._offsets), 0, message.key, message.value, message.headers)


def registrar_of(settings: RegistrySettings, places: Places | None = None) -> Registrar:
    encryption, search = EnvelopeEncryption(settings.registry_kek_file), SearchKeys(settings.search_root_file)
    return Registrar(encryption, search, places or Places.load())


def search_keys(folder: Path) -> SearchKeys:
    keyring.draw_first(folder / "search-root")
    return SearchKeys(folder / "search-root")


def kek(folder: Path) -> Path:
    keyring.draw(folder / "registry-kek")
    return folder / "registry-kek"
