"""The timeline of a hazard says what each revision changed."""

from datetime import timedelta
from typing import Any

from services.alerts.hazard_course import changes, course
from tests.alerts.factories import KADAMJAI, LEILEK, NOW, hazard


def test_a_revision_names_the_changed_fields_and_each_changed_text_with_its_language() -> None:
    text: dict[str, Any] = {"ky": {"headline": "Сел"}, "ru": {"headline": "Сель", "description": "Дорога размыта"}}
    first = hazard(severity="Moderate", text=text, area={"pcodes": [KADAMJAI]})
    changed = {"ru": {"headline": "Сель", "description": "Дорога открыта"}, "en": {"headline": "Mudflow"}}
    fields = first.model_dump() | {
        "revision": 2,
        "severity": "Severe",
        "area": {"pcodes": [KADAMJAI, LEILEK]},
        "text": changed,
        "received_at": NOW + timedelta(hours=1),
    }
    second = type(first).model_validate(fields)
    found = {(change.field, change.language): (change.before, change.after) for change in changes(first, second)}
    assert found == {
        ("severity", None): ("Moderate", "Severe"),
        ("place", None): (((KADAMJAI,), None, None), ((KADAMJAI, LEILEK), None, None)),
        ("headline", "ky"): ("Сел", None),
        ("headline", "en"): (None, "Mudflow"),
        ("description", "ru"): ("Дорога размыта", "Дорога открыта"),
    }
    newest, oldest = course([second, first], (), {}, {})
    assert (newest.revision, len(newest.changes)) == (second, len(found))
    assert (oldest.revision, oldest.changes) == (first, ())
    assert course((), (), {}, {}) == []
