"""What all web processes share: the app, middleware, problems, cursors and metrics."""
