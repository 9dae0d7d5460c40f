"""Figures of displaced persons, movements and needs: stored sums, queries, pages and exports."""
