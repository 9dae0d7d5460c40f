"""Services exchange events through Kafka: consumer, inbox, outbox, ledger, dead letters."""
