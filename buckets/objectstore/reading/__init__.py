"""Objects as streams of bytes, fetched in batches."""
