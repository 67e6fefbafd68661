"""One run: from a request to a verified bundle."""
