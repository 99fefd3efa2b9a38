"""Visits: who must be seen by when and who goes, what is asked at the door, what it proves, and what it is
worth to who made it.
"""
