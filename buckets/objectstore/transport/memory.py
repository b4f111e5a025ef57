"""Memory for chunks, which come and go thousands of times a second."""

LARGE = 16 * 1024 * 1024


def keep_freed() -> None:
    """Have the C library keep what is freed (up to 32 MiB) for what comes next.

    At first glibc gives every block of a chunk's size back to the system, and has its pages cleared one by one for the next: a third of the
    time that reading an object takes. It stops that for blocks as large as one that it has seen come and go (mallopt(3), M_MMAP_THRESHOLD).
    """
    bytearray(LARGE)
