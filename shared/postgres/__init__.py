"""PostgreSQL: the engine and its sessions, bulk copy, LISTEN/NOTIFY."""
