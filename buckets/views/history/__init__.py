"""The pages on the history of a bucket: versions of one object, the trash, and the bucket as it was."""
