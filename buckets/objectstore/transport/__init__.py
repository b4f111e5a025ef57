"""How requests and messages travel: one connection that never gives up, and JetStream's API over it."""
