"""Who must be visited by when, from the database: duties, rule, campaigns, and the visiting rate."""
