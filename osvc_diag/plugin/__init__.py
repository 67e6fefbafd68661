"""What plugins declare and how they are found; the host runs it."""
