"""What a body's own numbers say: scored, compared with the person's own weeks, and followed up.

What this is: pure judgement (``judge``, and what it uses), the follow-up (``follow``), and one shell to the
database (``store``). What it is not: a diagnosis, or the first line (``edge_agent.rules.vitals``).
"""
