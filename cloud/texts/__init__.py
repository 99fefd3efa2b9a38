"""Text messages that come to the alarm centre's number: the second path of an alarm, seen from the cloud."""
