"""A recorded home, judged again: its days run through the detectors, with the clock as an argument.

What this is: readers of records (``sources``), the detectors' shells without disk, network or database
(``edge``, ``vitals``), and what is printed of it. What it is not: a simulation; nothing is made up, and what
was not recorded is said to be missing. The one idea: every detector is a function of observations and a time,
so yesterday can be asked again, under another plan.
"""
