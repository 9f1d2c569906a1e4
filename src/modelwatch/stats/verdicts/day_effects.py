"""The effects of days on windows of several days, from blocks of the days of a reference.

``shrunk`` (B,): powers of blocks compared with the whole reference, without those of rows;
``usable`` (B,): which of them are defined.
"""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.verdicts.reference_blocks import BlockValues

_LEAST_DECAY = 0.5
_DECAYS = np.linspace(_LEAST_DECAY, 1.0, 91)
_MOST_ALIKE = 0.95
_BEYOND_CHANCE = 2.0
"""Standard errors from which an effect of blocks is not that of their rows."""


def decay_of_days(shrunk: Floats, power: Floats, usable: AnyArray, shown: BlockValues) -> float:
    """How the effect of days decreases with the days of a window: between 0.5 and 1.

    With a variance v D**-h of the mean of D days, blocks of b of m days show, compared with the
    mean of all, v (b**-h - m**-h); h is the value that best fits the logarithms of the ratios to
    single days.
    """
    lengths = shown.lengths
    m = float(shown.days)
    single = float(shrunk[usable & (lengths == 1)].mean())
    if single <= 0.1 * float(power[usable & (lengths == 1)].mean()):
        return 1.0
    error = np.zeros(len(_DECAYS))
    for length in np.unique(lengths[lengths > 1]):
        of_length = usable & (lengths == length)
        if not of_length.any():
            continue
        ratio = max(float(shrunk[of_length].mean()) / single, 1e-3)
        expected = (float(length) ** -_DECAYS - m**-_DECAYS) / (1.0 - m**-_DECAYS)
        error += (np.log(expected) - np.log(ratio)) ** 2
    return float(_DECAYS[::-1][np.argmin(error[::-1])])


def effect_of_week(
    shrunk: Floats, by_rows: Floats, usable: AnyArray, shown: BlockValues, between: float
) -> float:
    """The largest effect of blocks of several days that exceeds that of a day (``between``), and
    chance; otherwise 0.

    A mean varies less between weeks than between days, but a standard deviation may vary more: the
    levels of days with equal spreads differ in some weeks only. ``by_rows``: effect of rows.
    """
    found = 0.0
    for length in np.unique(shown.lengths[shown.lengths > 1]):
        of_length = usable & (shown.lengths == length)
        if not of_length.any():
            continue
        effect = float(shrunk[of_length].mean())
        rows = float((by_rows * shown.apart**2)[of_length].mean())
        if effect > _BEYOND_CHANCE * (2.0 * length / shown.days) ** 0.5 * rows:
            found = max(found, effect / (1.0 - length / shown.days))
    return found if found > between else 0.0


def correlation_of_days(
    shrunk: Floats, usable: AnyArray, shown: BlockValues, of_whole: float
) -> float:
    """Correlation of the effects of successive days, from those of blocks of two days.

    ``of_whole``: variance of the mean of all days, relative to that of a day.
    """
    single, pair = (usable & (shown.lengths == length) for length in (1, 2))
    of_day = float(shrunk[single].mean())
    if of_day <= 0.0 or not pair.any():
        return 0.0
    of_pair = float(shrunk[pair].mean()) / of_day * (1.0 - of_whole) + of_whole
    return float(np.clip(2.0 * of_pair - 1.0, 0.0, _MOST_ALIKE))
