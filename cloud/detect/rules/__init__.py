"""What is missing in a home: nobody moves, nobody is up, nobody came back, a device says nothing.

What this is: pure rules over what is known of a home (``table`` names them all), the frame that arms, gates
and follows them (``frame``), and one shell to the database (``store``). What it is not: the gateway's own
rules (``edge_agent.rules``), which need seconds and no cloud. The one idea: absence is a deadline, and a
home is judged only up to the moment until which all that happened there has arrived."""
