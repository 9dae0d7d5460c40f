"""PostgreSQL: engine and sessions, bulk copy, LISTEN/NOTIFY."""
