"""Reads journald's records as they were written: decoded, bounded, within a window and a budget."""
