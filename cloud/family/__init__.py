"""What the family of somebody sees: one sentence, today in plain words, how help gets on, who looked."""
