"""What a service expected in a field whose value it refused, in the reader's language.

Each key is the beginning of an English text in `errors[].expected`. The first key that fits is used. `{first}` and
`{second}` stand for the first two numbers in the English text.
"""

from collections.abc import Mapping

from shared.pages.terms.translatable import N_

DATE = N_("A valid date is expected.")
INTEGER = N_("A whole number is expected.")
NUMBER = N_("A number is expected.")
FILLED = N_("Fill in this field.")
OFFERED = N_("One of the offered answers is expected.")
PLACE = N_("A place of the list is expected.")
PRINTABLE = N_("Only letters, digits and signs are expected, in one line.")
MISTYPED = N_("The short code is mistyped: check each character.")
PERSONS_LISTED = N_("The number of persons must equal the number of the listed persons.")
TERMS: Mapping[str, Mapping[str, str]] = {
    "expectation": {
        "Field required": FILLED,
        "String should have at least": FILLED,
        "String should have at most": N_("The text is too long: at most {first} characters are expected."),
        "Input should be greater than or equal to": N_("At least {first} is expected."),
        "Input should be less than or equal to": N_("At most {first} is expected."),
        "Input should be a valid integer": INTEGER,
        "Input should be a valid number": NUMBER,
        "Input should be a valid date": DATE,
        "Input should have timezone info": DATE,
        "Datetimes provided to dates": DATE,
        "a day that is not in the future": N_("The day must not be in the future."),
        "a time of the years": N_("A date from {first} to {second} is expected."),
        "Input should be '": OFFERED,
        "String should match pattern '^[0-9+() .-]*$'": N_("Digits, spaces and + ( ) - . are expected."),
        "String should match pattern '^[0-9]{14}$'": N_("14 digits are expected."),
        "String should match pattern '^[0-9A-HJKMNP-TV-Z]{9}$'": N_("9 letters and digits are expected."),
        "String should match pattern '^[0-9A-Fa-f]{4}$'": N_("4 letters and digits are expected."),
        "String should match pattern '^KG": PLACE,
        "String should match pattern '^[A-Z]{2}$'": PLACE,
        "String should match pattern '^[^": PRINTABLE,
        "either `pcode` or `country`": PLACE,
        "one of `pcodes`": PLACE,
        "Tuple should have at least": FILLED,
        "Tuple should have at most": N_("At most {first} answers are expected."),
        "a short code with the right last character": MISTYPED,
        "`persons` is expected to equal the number of `members`": PERSONS_LISTED,
        "`persons` is expected to equal the number of `member_ids`": PERSONS_LISTED,
        "the counts of `sex_age`": N_("The counts by sex and age are more than the number of persons."),
        "`persons` is expected: the number": N_("State how many people of the group died."),
        "no `persons` is expected": N_("No number is expected: everybody at the site moved."),
        "a day or an hour is expected": N_("A day or an hour is expected, not a longer time."),
        "`destination` is expected": N_("State where they are now."),
        "no `destination` is expected": N_("No place is expected for this movement."),
        "a `destination` in another country": N_("A place abroad is expected for this movement."),
        "a `destination` in this country": N_("A place in this country is expected for this movement."),
        "no `shelter`, and no site": N_("No site, village or shelter is expected for this movement."),
        "`expires` is expected not to be before": N_("The end must not be before the beginning."),
        "a name in at least one language": N_("A name in at least one language is expected."),
        "both `lat` and `lon`": N_("Both latitude and longitude are expected, or neither."),
        "a letter or digit is expected": N_("A name with letters or digits is expected."),
        "`evacuation` is expected only": N_("How they were evacuated is asked only of evacuations."),
        "letters or digits are expected": N_("Letters or digits are expected."),
        "8 letters or digits and the right check": MISTYPED,
        "1 to": N_("From {first} to {second} parts of a name are expected."),
        "at least one criterion": N_("Fill in at least one field; a year of birth needs another one."),
        "an answer in at least one domain": N_("An answer about at least one difficulty is expected."),
    },
}
