"""How services meet in Kafka: consumer, inbox, outbox, ledger, dead letters."""
