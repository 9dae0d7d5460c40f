"""The names of localities as people type them, in Kyrgyz, Russian or English."""

import re
import unicodedata

SEPARATORS = re.compile(r"[\W_]+")
# Maps Kyrgyz letters, and ё, to the letters that people often type instead.
SAME_LETTERS = str.maketrans("өүңё", "оуне")


def folded(name: str | None) -> str:
    """The name in lower case, without punctuation and Kyrgyz letters. Equal results mean the same locality."""
    letters = unicodedata.normalize("NFKC", name or "").casefold().translate(SAME_LETTERS)
    return SEPARATORS.sub(" ", letters).strip()
