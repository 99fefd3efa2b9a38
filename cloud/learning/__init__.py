"""Learning from outcomes: how often each rule was right, and which thresholds people may want to change.

What this is: a report, and proposals that a named person approves or refuses. What it is not: a judge; no
threshold changes by itself.
"""
