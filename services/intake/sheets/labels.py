"""Guesses the kind of a column in a sheet of households from its label in Kyrgyz, Russian or English. Pure."""

import re
from collections.abc import Sequence

from shared.places.localities import folded
from shared.sheets.code_names import names
from shared.sheets.codes import HouseholdColumn

C = HouseholdColumn
PEOPLE = r"(чел|член|лиц|душ|person|people|member|киши|адам)"
# The first matching pattern decides. The patterns are for folded labels: lower case, no punctuation, о, у, н in place
# of ө, ү, ң.
PATTERNS = [
    (C.SKIPPED, r"^(no|n|номер|катар номери|катары|т б|к т)?( ?п ?п)?$"),
    (
        C.HOUSEHOLD,
        r"^(no|n|номер) ?(семьи|домохоз|двора)|^household (id|n|no|number)$|^(уй було|уй чарба|тутун)\w* (номери|no)$",
    ),
    (C.RELATIONSHIP, r"родств\w* (отнош|связ)|степень родства|кем приходится|отношение к главе|relationship|тууганчыл"),
    (C.PERSONAL_NUMBER, r"\b(инн|пин|жеке номер|персональн|personal n|id n)"),
    (C.PHONE, r"телефон|^тел\b|phone|мобильн|байланыш"),
    (C.HEAD, r"\bф ?и ?о\b|фамилия.*имя|аты жону|башчысы|^глава|head of|^name$|full name"),
    (C.FAMILY_NAME, r"^фамилия|surname|family name|last name"),
    (C.GIVEN_NAME, r"^имя|given name|first name|^аты$|ысымы"),
    (C.PATRONYMIC, r"^отчеств|patronymic|атасынын аты"),
    (C.FEMALE, r"женщ|женск|female|women|аял|^ж$"),
    (C.MALE, r"мужч|мужск|\bmale|\bmen\b|эркек|^м$"),
    (C.PERSONS, rf"(кол|числен|число|саны|всего|итого|сколько|number|total).*{PEOPLE}|{PEOPLE}\w* сан"),
    (C.PERSONS, r"^состав семьи$|размер семьи|household size|^persons$|жан саны|^человек$|^адам$"),
    (C.SEX, r"^пол\b|^sex\b|gender|жынысы"),
    (C.BIRTH, r"рожд|birth|туулган"),
    (C.AGE, r"возраст|^age|^жашы"),
    (C.OCCURRED_ON, r"^дата|date|датасы|куну|когда|качан"),
    (
        C.DESTINATION_LOCALITY,
        r"(село|насел|айыл|village|locality).*(куда|размещ|азыркы|кайда(?!н)|now)|место размещения",
    ),
    (C.ORIGIN_LOCALITY, r"^(село|насел|айылы|village|locality)|(село|айыл|village).*(откуда|кайдан|origin|прожив)"),
    (C.DESTINATION, r"\bкуда|размещен|проживает сейчас|ныне|временн|destination|current|азыркы|кайда(?!н)|жайгаш"),
    (C.ORIGIN, r"откуда|прописк|постоянн|происхожд|origin|кайдан|\bрайон|district|rayon"),
    (C.HAZARD, r"\bчс\b|бедств|опасн|стихий|hazard|кырсык|disaster"),
    (C.REASON, r"причин|reason|cause|себе[бп]"),
    (C.SHELTER, r"жиль|ночу|ночлег|shelter|турак|баш калка"),
    (C.NEEDS, r"потребн|нужд|need|муктаж|керек"),
    (C.URGENT, r"срочн|неотложн|urgent|шашылыш|тез арада"),
]
COMPILED = [(column, re.compile(pattern)) for column, pattern in PATTERNS]
# Longer labels are cut, because the time for matching can grow with the square of the length.
LETTERS = 200
MANY = {C.NOTES, C.SKIPPED, C.REASONS, C.NEEDS}  # a sheet may have several columns of these kinds
OWN_LABELS = {folded(name) for name, code in names("household_column") if code == C.REASONS}


def guess(label: str) -> HouseholdColumn | None:
    """None if no pattern matches the label."""
    text = folded(label[:LETTERS])
    if not text and label != "#":  # the label consists only of signs, such as *
        return None
    if text in OWN_LABELS:
        return C.REASONS
    return next((column for column, pattern in COMPILED if pattern.search(text)), None)


def guesses(labels: Sequence[str]) -> tuple[HouseholdColumn, ...]:
    """Guess the kind of each column.

    A column becomes NOTES if its label is unknown, or if an earlier column has its kind.
    """
    chosen: list[HouseholdColumn] = []
    for label in labels:
        column = guess(label) or C.NOTES
        chosen.append(C.NOTES if column in chosen and column not in MANY else column)
    return tuple(chosen)
