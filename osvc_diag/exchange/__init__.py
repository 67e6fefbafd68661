"""Where bundles are left, and what it answered."""
