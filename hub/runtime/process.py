"""What a process of the hub sets for itself."""

import gc

YOUNG, MIDDLE, OLD = 20_000, 20, 50


def tune_memory() -> None:
    """Look for cyclic garbage less often: a page of records is no garbage while it is worked on.

    The collector walks through every living object again and again; without this, that is a fifth
    of the CPU time of a stock reading. What is loaded at the start is never looked at again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
