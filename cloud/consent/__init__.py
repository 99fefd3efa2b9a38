"""Consent as a control: what a resident allows decides what is collected, kept, shown and shared."""
