"""Array core of the ensemble scores: one sort, and everything else is a dot product."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]


def ensemble_parts(distance: Array) -> tuple[Array, Array, Array]:
    r"""Mean error, mean absolute error and dispersion of each ensemble.

    The ensemble CRPS is ``absolute - dispersion`` and the fair one
    ``absolute - dispersion * M / (M - 1)``. With the members in ascending order the double sum
    over all pairs of members is a dot product with fixed weights,
    :math:`\frac{1}{2M^2}\sum_{ij}|x_i - x_j| = \frac{1}{M^2}\sum_i (2i - M - 1)\, x_{(i)}`.

    Parameters
    ----------
    distance
        Members minus observation, shape (..., M), unit of the variable. **Sorted in place.**
        Distances to the observation, and not the members themselves, keep single precision exact
        where values are large and differences small (kelvins).

    Returns
    -------
    mean, absolute, dispersion
        Mean of the distances, mean of their absolute values, and half the mean absolute
        difference between two members (with replacement). Shape (...).

    References
    ----------
    Hersbach (2000), doi:10.1175/1520-0434(2000)015<0559:DOTCRP>2.0.CO;2;
    Ferro (2014), doi:10.1002/qj.2270.
    """
    members = distance.shape[-1]
    share = np.full(members, 1.0 / members, distance.dtype)
    rank = np.arange(1, members + 1)
    # vecdot and not @: a threaded matrix product would compete with the threads over blocks.
    weights = ((2 * rank - members - 1) / members**2).astype(distance.dtype)
    mean = np.vecdot(distance, share)
    absolute = np.vecdot(np.abs(distance), share)
    distance.sort(axis=-1)
    return mean, absolute, np.vecdot(distance, weights)


def ranked_scores(members: Array, obs: Array, edges: Array) -> tuple[Array, Array, Array]:
    """Ranked probability score of the members, its fair variant, and that of climatology.

    A value on an edge belongs to the category below it. Climatology gives each category the same
    probability, as it does where the edges are quantiles.

    Parameters
    ----------
    members, obs, edges
        Shapes (..., M), (...) and (..., E), in one unit; edges ascending.

    Returns
    -------
    score, fair, climatology
        Sums over the E inner edges of squared differences of cumulative probabilities. Shape
        (...). The fair score of one member is NaN.

    References
    ----------
    Epstein (1969); Ferro (2014), doi:10.1002/qj.2270.
    """
    count = members.shape[-1]
    at_or_below = (members[..., None, :] <= edges[..., None]).sum(-1)
    observed = (obs[..., None] <= edges).astype(np.float64)
    score = (at_or_below / count - observed) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = at_or_below * (count - at_or_below) / (count**2 * np.float64(count - 1))
    equal_shares = np.arange(1, edges.shape[-1] + 1) / (edges.shape[-1] + 1)
    climatology = (equal_shares - observed) ** 2
    return score.sum(-1), (score - excess).sum(-1), climatology.sum(-1)
