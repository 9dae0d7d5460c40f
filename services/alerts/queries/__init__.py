"""The service's SQL. Each family of tables has a module. Functions are named after the questions that they answer."""
