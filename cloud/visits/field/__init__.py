"""What a visitor's telephone takes along: the day, the forms, the hours; and its call for help."""
