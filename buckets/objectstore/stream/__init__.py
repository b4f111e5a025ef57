"""A bucket as a stream: its configuration, its state, its single messages."""
