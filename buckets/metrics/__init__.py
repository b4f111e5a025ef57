"""What is told to Prometheus. ``instruments`` count what happens, ``gauges`` are made of the state of things when somebody asks.

Every metric is described in docs/operations.md.
"""
