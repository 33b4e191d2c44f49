"""How large the large tests are: ``PULSO_TEST_SCALE=1`` is the full size, the default a tenth."""

import os

SCALE = float(os.environ.get("PULSO_TEST_SCALE", "0.1"))


def scaled(full: int) -> int:
    """``full`` at this scale, 1 at least."""
    return max(1, round(full * SCALE))
