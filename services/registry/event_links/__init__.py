"""The events that made people leave, according to the answers of persons."""
