"""Runs the commands that collectors name: bounded in time, bytes and number, and gone after a run."""
