"""The formats of reports: each module reads one format, from bytes to reports, or says what is wrong."""
