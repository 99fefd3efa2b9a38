"""The time bank: hours served become hours of service, and never money."""
