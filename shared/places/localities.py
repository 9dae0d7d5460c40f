"""The names of localities as people type them, in Kyrgyz, Russian or English."""

import re
import unicodedata

SEPARATORS = re.compile(r"[\W_]+")
SAME_LETTERS = str.maketrans("өүңё", "оуне")  # keyboards without Kyrgyz letters have only the letters on the right


def folded(name: str | None) -> str:
    """The name without capitals, punctuation and Kyrgyz letters. Equal results mean the same locality."""
    letters = unicodedata.normalize("NFKC", name or "").casefold().translate(SAME_LETTERS)
    return SEPARATORS.sub(" ", letters).strip()
