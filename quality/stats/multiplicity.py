"""Many tests at once."""

import numpy as np

from quality.stats.ratings import FloatArray


def benjamini_hochberg(p: FloatArray) -> FloatArray:
    """Adjusted p-values: reject where `<= q` to hold the false discovery rate at q (Benjamini & Hochberg
    1995).

    `min over j >= rank of p_(j) * m / j`, at most 1, in the order given.
    """
    p = np.asarray(p, dtype=float)
    m = len(p)
    order = np.argsort(p, kind="stable")[::-1]
    adjusted = np.empty(m)
    adjusted[order] = np.minimum.accumulate(np.minimum(p[order] * m / np.arange(m, 0, -1), 1.0))
    return adjusted
