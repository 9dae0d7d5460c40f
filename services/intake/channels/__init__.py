"""The formats of reports.

Each module converts the bytes of one format to reports. If the bytes are invalid, the module raises an error.
"""
