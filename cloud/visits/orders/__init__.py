"""Orders: meals, baths, cleaning, assessments, again and again."""
