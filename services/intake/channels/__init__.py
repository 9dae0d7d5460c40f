"""The formats of reports. Each module converts the bytes of one format to reports, or raises errors."""
