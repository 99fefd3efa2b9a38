"""Backups of the embedded database: sealed copies, the log since, and the way back to any second of it.

An external PostgreSQL is saved by what its operators have for it (docs/operations.md).
"""
