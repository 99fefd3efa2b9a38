"""What is wrong, found from stored observations: beside ``notify``. Empty until its first detector."""
