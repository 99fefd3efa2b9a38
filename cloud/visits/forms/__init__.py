"""What a visitor asks and brings back, by the kind of visit."""
