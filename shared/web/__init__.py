"""Shared by all web processes: app, middleware, problems, cursors and metrics."""
