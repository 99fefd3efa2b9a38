"""What is unlike a person's own days: pure functions from activations to findings, no database, no clock."""
