"""How this gateway's program is replaced while somebody may need it.

What this is: four parts that meet only in files (``places``). ``part`` lives in the agent: it fetches what
the cloud offers and leaves when nobody is in danger. ``guard`` runs beside it as root, always from the last
version that has proved itself: it installs, switches, and goes back. ``trial`` and ``calm`` decide, purely.
The one idea: the agent asks and the guard acts, so a version that crashes, hangs or lies cannot keep itself.
"""
