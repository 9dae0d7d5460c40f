"""The service's SQL: one module per family of tables; each function is named after the question that it answers."""
