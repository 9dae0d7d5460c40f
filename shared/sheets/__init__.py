"""Reads sheets from XLSX and CSV files, finds the header, and writes tables and refused rows.

This module imports no other module of the package: services without the library for workbooks use the package too.
"""
