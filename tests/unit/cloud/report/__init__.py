"""Indicators by month: counting, hiding, freezing, following down."""
