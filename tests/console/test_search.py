"""The search finds alerts, hazards, groups and sites in either script, within the reader's rights and areas."""

import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import httpx
import openpyxl
import pytest
from sqlalchemy import cast, delete, insert, select, update
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from deploy.local.process import wait_until
from services.console.config import ConsoleSettings
from services.console.handlers import show
from services.console.models import BoardAlert, BoardHazard, SearchChange, SearchEntry
from services.console.search.criteria import LONGEST_TEXT
from services.console.search.entries import FAILED
from services.console.search.indexing import SearchIndex
from services.console.search.pages import SHOWN
from services.console.search.words import query_of, words_of
from shared import events
from shared.auth.tokens import Role
from shared.postgres import database
from tests.console.conftest import Served
from tests.console.factories import KADAMJAI, KARA_SUU, LEILEK, NOW, alert, all_received, group, hazard, site
from tests.installation import in_thread

FORMULA = '=HYPERLINK("http://example.org")'


@pytest.mark.parametrize(
    ("typed", "written", "is_found"),
    [
        ("озгоруш", "Өзгөрүш айылы", True),
        ("Ozgorush", "Өзгөрүш айылы", True),
        ("OZGOR", "Өзгөрүш айылы", True),
        ("сель озгоруш", "Сель в селе Озгоруш", True),
        ("сель в озгоруш", "Озгоруш: сель", True),
        ("сель баткен", "Озгоруш: сель", False),
        ("сель в Баткене", "Баткен: сель", True),
        ("2011", "в 2011 году", True),
        ("2011", "дом 201", False),
        ("goruish", "Өзгөрүш", False),
        ("' | ! & \\ :* ()", "nothing but signs", None),
    ],
)
def test_words_are_found_in_either_script_and_by_their_beginning(typed: str, written: str, is_found: bool) -> None:
    query, words = query_of(typed), words_of([written]).split()
    if query is None:
        assert is_found is None
        return
    alternatives = [re.findall(r"(\w+):\*", part) for part in query.split(" & ")]
    found = all(any(word.startswith(wanted) for word in words for wanted in part) for part in alternatives)
    assert found is is_found


@pytest.mark.anyio
async def test_a_row_whose_words_cannot_be_made_is_no_result_and_stops_no_other_row(
    session: AsyncSession, index: SearchIndex
) -> None:
    raised, too_long, other = alert(), hazard(), hazard()
    ids = {raised.alert_id, too_long.hazard_id, other.hazard_id}
    await show(all_received([raised, too_long, other]), session)
    assert await index.step() == 3 and await found_among(ids, session) == ids
    # the title needs an object in `figures`; PostgreSQL stores no `tsvector` above 1 MB
    text = {"ru": {"headline": " ".join(f"{number:060}" for number in range(18_000))}}
    is_raised, is_too_long = BoardAlert.alert_id == raised.alert_id, BoardHazard.hazard_id == too_long.hazard_id
    await session.execute(update(BoardAlert).where(is_raised).values(figures=[]))
    await session.execute(update(BoardHazard).where(is_too_long).values(text=text))
    await show(all_received([hazard(hazard_id=other.hazard_id, revision=2, area={"pcodes": [LEILEK]})]), session)
    with capture_logs() as lines:
        assert await index.step() == 3
    assert {(line["kind"], line["id"]) for line in lines} == {
        ("alerts", str(raised.alert_id)),
        ("hazards", str(too_long.hazard_id)),
    }
    assert await found_among(ids, session) == {other.hazard_id}
    # the worker tries again at its next start
    await session.execute(update(BoardAlert).where(is_raised).values(figures={}))
    await session.execute(update(BoardHazard).where(is_too_long).values(text={}))
    await session.execute(delete(SearchChange))
    await index.renew()
    assert await index.step() == 2 and await found_among(ids, session) == ids


async def found_among(ids: set[UUID], session: AsyncSession) -> set[UUID]:
    has_word = SearchEntry.words.op("@@")(cast(query_of("mudflow"), TSQUERY))
    return set(await session.scalars(select(SearchEntry.id).where(SearchEntry.id.in_(ids), has_word)))


def test_the_page_and_a_metric_say_how_many_rows_no_text_finds(
    searcher: httpx.Client, settings: ConsoleSettings
) -> None:
    in_thread(add_failed_site(settings))
    sentence = "Rows that cannot be found by words, because an error occurred: 1."
    assert sentence in searcher.get("/search?lang=en&kind=sites&q=school").text
    assert sentence not in searcher.get("/search?lang=en&kind=sites").text
    assert sentence not in searcher.get("/search?lang=en&kind=hazards&q=school").text
    assert 'console_failed_search_words{kind="sites"} 1.0' in searcher.get("/metrics").text


async def add_failed_site(settings: ConsoleSettings) -> None:
    async with database.opened(settings) as engine, engine.begin() as connection:
        await connection.execute(insert(SearchEntry).values(kind="sites", id=uuid4(), words="", version=FAILED))


def results(client: httpx.Client, **criteria: Any) -> list[str]:
    answer = client.get(f"/search?{urlencode({'lang': 'en', **criteria})}")
    assert answer.status_code == 200, answer.text
    return re.findall(r'<tr data-key="([^"]+)"', answer.text)


def test_a_text_finds_each_kind_within_rights_and_areas(served: Served) -> None:
    word = f"q{uuid4().hex[:8]}"
    text = {"ru": {"headline": f"Сошёл сель {word}", "description": "Размыта дорога у школы"}}
    here = hazard(area={"pcodes": [KADAMJAI]}, text=text, scope="Restricted")
    raised = alert(hazard_id=here.hazard_id, pcodes=[KADAMJAI], raised_at=NOW - timedelta(days=400))
    school = site(name_ru=f"Школа {word}", name_ky=None)
    counted = group(12, to=LEILEK, site_id=school.site_id, counted_at=NOW - timedelta(days=2))
    again = counted.model_copy(update={"report_id": uuid4(), "persons": 11, "replaces": (counted.report_id,)})
    again = again.model_copy(update={"counted_at": NOW, "sequence": 2})
    # people who moved on are a separate count; everybody else stays in the first count
    moved_on = again.model_copy(
        update={"report_id": uuid4(), "stock_id": uuid4(), "persons": 3, "counted_at": NOW + timedelta(seconds=1)}
    )
    of_other_team = group(
        14, to=LEILEK, site_id=school.site_id, stock_id=counted.stock_id, counted_at=counted.counted_at
    )
    served.publish(here, raised, school, counted, again, moved_on, of_other_team)
    operator = served.signed_in(Role.OPERATOR)
    expected = {
        "alerts": [str(raised.alert_id)],
        "hazards": [str(here.hazard_id)],
        "groups": [str(each.report_id) for each in (moved_on, again, of_other_team)],
        "sites": [str(school.site_id)],
    }
    searched = {kind: f"{word} дорога" if kind in ("alerts", "hazards") else word for kind in expected}

    def found_by(client: httpx.Client) -> dict[str, list[str]]:
        return {kind: results(client, kind=kind, q=wanted) for kind, wanted in searched.items()}

    assert wait_until(lambda: found_by(operator) == expected, timeout=60), found_by(operator)
    # the place's name and the kind of event, written in another script, find the hazard too
    assert results(operator, kind="hazards", q=f"{word} kadamjai selevoi potok") == expected["hazards"]
    # staff see the hazards of all areas
    far = served.signed_in(Role.REGISTRAR, areas=[KARA_SUU])
    assert found_by(far) == {"alerts": [], "hazards": expected["hazards"], "groups": [], "sites": []}
    viewer = served.signed_in(Role.VIEWER)
    page = viewer.get(f"/search?lang=en&q={word}").text
    assert "kind=groups" not in page and "/registry/search" not in page
    assert viewer.get(f"/search?lang=en&kind=sites&q={word}").status_code == 422
    assert f'href="/registry/groups/{counted.group_id}"' in operator.get(f"/search?kind=groups&q={word}").text
    assert f'href="/alerts/{raised.alert_id}"' in operator.get(f"/search?q={word}").text
    page = operator.get(f"/hazards/{here.hazard_id}?lang=en").text
    assert "Размыта дорога у школы" in page and f'href="/alerts/{raised.alert_id}"' in page and "Restricted" in page
    assert str(raised.alert_id) not in far.get(f"/hazards/{here.hazard_id}").text
    # only the new words find a changed text
    changed = {"area": {"pcodes": [KADAMJAI]}, "text": {"ru": {"headline": f"Отбой {word}n"}}, "scope": "Restricted"}
    served.publish(hazard(events.HazardUpdated, hazard_id=here.hazard_id, revision=2, msg_type="Update", **changed))
    assert wait_until(lambda: results(operator, kind="alerts", q=f"{word}n отбой") == expected["alerts"], timeout=60)
    assert results(operator, kind="hazards", q=f"{word} дорога") == []


def test_filters_limit_the_results_and_pages_follow_each_other(served: Served) -> None:
    word = f"z{uuid4().hex[:8]}"
    text = {"ky": {"headline": word}}
    begun = [NOW - timedelta(hours=hours) for hours in range(SHOWN + 5)]
    many = [hazard(onset=onset, text=text, area={"pcodes": [KADAMJAI]}) for onset in begun]
    other = hazard(
        kind=events.HazardCancelled,
        msg_type="Cancel",
        source="kyrgyzhydromet",
        onset=NOW - timedelta(days=800),
        text={"ky": {"headline": f"{word} {FORMULA}"}},
        area={"pcodes": [LEILEK]},
    )
    served.publish(*many, other)
    operator = served.signed_in(Role.OPERATOR)
    of_word = {"kind": "hazards", "q": word}
    assert wait_until(lambda: results(operator, **of_word, place=LEILEK) == [str(other.hazard_id)], timeout=60)
    first = [str(each.hazard_id) for each in many[:SHOWN]]
    assert wait_until(lambda: results(operator, **of_word) == first, timeout=60)
    rest = [*(str(each.hazard_id) for each in many[SHOWN:]), str(other.hazard_id)]
    assert wait_until(lambda: results(operator, **of_word, after=first[-1]) == rest, timeout=60)
    day = f"{NOW - timedelta(days=700):%d.%m.%Y}"
    for criteria in ({"until": day}, {"state": "cancelled"}, {"source": "kyrgyzhydromet"}, {"place": LEILEK}):
        assert results(operator, **of_word, **criteria) == [str(other.hazard_id)], criteria
    assert len(results(operator, **of_word, since=day, state="in_force")) > 0

    answer = operator.get(f"/search/export?{urlencode({**of_word, 'lang': 'en', 'place': LEILEK})}")
    assert answer.status_code == 200 and answer.headers["content-disposition"].endswith('.xlsx"')
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert word in str(rows[0][0]) and "Leilek" in str(rows[0][0])
    assert [row[0] for row in rows[:4]].count("Time") == 1 and str(rows[-1][-1]).endswith(f"/hazards/{other.hazard_id}")


def test_a_cell_that_looks_like_a_formula_is_a_text(served: Served) -> None:
    name = f"=1e5{uuid4().hex[:8]}"  # PostgreSQL's own parser reads the beginning of this name as a number
    school = site(name_ru=name, name_ky=None)
    served.publish(school)
    operator = served.signed_in(Role.OPERATOR)
    assert wait_until(lambda: results(operator, kind="sites", q=name) == [str(school.site_id)], timeout=60)
    answer = operator.get(f"/search/export?{urlencode({'kind': 'sites', 'q': name})}")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    [cell] = [cell for row in sheet.iter_rows() for cell in row if cell.value == name]
    assert cell.data_type == "s" and cell.quotePrefix


@pytest.mark.parametrize(
    ("criteria", "sentence"),
    [
        ({"q": "x" * 10_000}, f"at most {LONGEST_TEXT} characters"),
        ({"kind": "households"}, "names something that cannot be searched"),
        ({"place": "KG99"}, "names a place that is not in the list"),
        ({"state": "gone"}, "names a state that does not exist here"),
        ({"source": "x" * 200}, "names a source that cannot exist"),
        ({"since": "30.02.2026"}, "A day is not readable"),
        ({"since": "02.01.2026", "until": "01.01.2026"}, "The first day is after the last day"),
        ({"after": "second"}, "names a page of results that does not exist"),
        ({"after": str(uuid4())}, "names a page of results that does not exist"),
        ({"q": "\0", "source": "\0"}, None),
    ],
)
def test_a_criterion_that_cannot_be_met_is_explained(
    searcher: httpx.Client, criteria: dict[str, str], sentence: str | None
) -> None:
    for path in ("/search", "/search/export"):
        answer = searcher.get(f"{path}?{urlencode({'lang': 'en', **criteria})}")
        assert answer.status_code == (422 if sentence else 200)
        assert sentence is None or sentence in answer.text


@pytest.fixture(scope="module")
def searcher(served: Served) -> httpx.Client:
    return served.signed_in(Role.DUTY_HEAD)
