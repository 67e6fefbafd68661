"""The node that is read, found out by looking."""
