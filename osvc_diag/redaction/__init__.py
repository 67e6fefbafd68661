"""Takes secrets out of a stream of bytes, and searches a finished bundle for what was missed."""
