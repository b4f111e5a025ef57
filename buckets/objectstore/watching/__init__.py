"""Following buckets as they change, and keeping what was seen for the next start."""
