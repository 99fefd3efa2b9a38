"""Assessments of ability as they were judged and signed, and what asks for a new one."""
