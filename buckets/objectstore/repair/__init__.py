"""Finding and removing what should not be there, and checking what is."""
