"""The parts that all web processes share: app, middleware, problems, cursors and metrics."""
