"""Reads the sheets of XLSX and CSV files as lines of texts, and finds the header.

Also writes refused rows and tables. Pure.

This file imports none of the package's modules, because only some services have the library for workbooks.
"""
