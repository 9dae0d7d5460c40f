"""Dead letters about displaced people, which a person may open."""
