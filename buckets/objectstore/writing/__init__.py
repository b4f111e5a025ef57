"""Everything that changes a bucket: chunks, then metadata, then the old data goes."""
