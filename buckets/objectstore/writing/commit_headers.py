"""Headers of our metadata messages beyond ADR-20's, which other clients pass over and a history keeps."""

WRITER = "Nats-Files-Writer"
RENAMED_FROM = "Nats-Files-Renamed-From"
