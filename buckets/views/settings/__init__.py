"""A bucket's settings, for its admins."""
