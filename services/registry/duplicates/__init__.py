"""Households that were probably registered twice."""
