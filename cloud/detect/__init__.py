"""What is wrong, found from stored observations, for tenants that have the module ``detection``.

Each detector has a loop of the worker; the statement by which it looks for work (``due_…``) asks
``detected_home``, so that the module is switched in one place.
"""
