"""Other systems' formats, in and out: above every context, imported by none. Empty until its first format."""
