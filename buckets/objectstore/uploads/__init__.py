"""Uploads that come in pieces, over many requests and through any process: their chunks go straight into the bucket."""
