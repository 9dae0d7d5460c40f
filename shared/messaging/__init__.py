"""Exchanges events between services through Kafka, with a consumer, inbox, outbox, ledger and dead letters."""
