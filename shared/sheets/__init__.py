"""Reads the sheets of XLSX and CSV files as lines of texts, finds the header, and writes refused rows. No I/O.

The package imports none of its modules, because only some services have the library for workbooks.
"""
