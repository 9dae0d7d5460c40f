"""Serves statistics of alerts, hazards and notifications, as a page and as a workbook."""
