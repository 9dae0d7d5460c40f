"""The console's SQL, one module per family of tables."""
