"""What an older person can do by themselves: the assessment of GB/T 42195-2022, and when it is due again."""
