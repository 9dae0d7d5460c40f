"""Reads sheets of XLSX and CSV files as lines of texts, finds the header, and writes refused rows and tables.

This file imports none of the package's modules, because only some services have the library for workbooks.
"""
