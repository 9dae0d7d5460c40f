"""The service's SQL. There is one module for each family of tables.

Each function has the name of the question that it answers.
"""
