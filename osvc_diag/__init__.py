"""Gathers what support needs about an OpenSVC object, and leaves every secret behind."""
