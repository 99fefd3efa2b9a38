"""Plans of a day, by township: from what is owed to who goes where when."""
