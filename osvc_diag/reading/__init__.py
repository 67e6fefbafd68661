"""Opens sources safely and yields their bytes: windowed, budgeted, block by block."""
