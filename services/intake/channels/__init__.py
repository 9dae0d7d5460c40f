"""The formats of reports. Each module converts the bytes of one format to reports, or names the errors."""
