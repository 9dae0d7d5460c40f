"""The service's SQL, one module per family of tables, each statement named after its question."""
