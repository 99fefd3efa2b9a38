"""What becomes of a resident's data: export, erasure, retention, and who looked in spite of a no."""
