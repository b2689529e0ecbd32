"""An interval for a share that may be looked at after every trial: right at all looks together, not at one."""

from math import log

from scipy.optimize import brentq
from scipy.special import betaln, xlog1py, xlogy

_EDGE = 1e-12


def anytime(successes: int, n: int, level: float = 0.95) -> tuple[float, float] | None:
    """The shares that the evidence has not yet refuted; `None` for n = 0.

    For each share p the likelihood of what was seen under p is compared with its mean over a Beta(1/2, 1/2) prior;
    under the true p that ratio is a martingale, so by Ville's inequality the chance that it *ever* reaches
    1 / (1 - level), however often and whenever one looks, is at most 1 - level (Ville 1939; Robbins 1970, Annals of
    Mathematical Statistics 41, for the mixture). Wider than an interval for one look: at n = 100 by about 1.5 times.
    """
    if n <= 0:
        return None
    share = successes / n
    mean = betaln(successes + 0.5, n - successes + 0.5) - betaln(0.5, 0.5)

    def refuted(p: float) -> float:
        """Over 0: the ratio has reached the bound."""
        return float(mean - xlogy(successes, p) - xlog1py(n - successes, -p) + log(1 - level))

    lower = brentq(refuted, _EDGE, share) if successes and refuted(_EDGE) > 0 else 0.0
    upper = brentq(refuted, share, 1 - _EDGE) if successes < n and refuted(1 - _EDGE) > 0 else 1.0
    return float(lower), float(upper)
