"""The local filter (LETKF) for a state that lies nowhere: amplitudes, and numbers of an ocean.

What each of them does lies somewhere: a pattern of temperature in boxes of the surface, a number of
the ocean in the thickness of the warm layer of regions. So each feels the temperature in boxes near
where it acts. An observation counts by its distance from there, averaged over the places with what
is done in each (squared), and the one that is nearest counts in full. Far-reaching numbers then
feel nearly everything, those of one coast what is near it; if distance did not matter, the analysis
would be that of the square-root filter.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import xarray as xr
from jax.tree_util import Partial
from jaxtyping import Array, Float

from shiome.assimilation.letkf import LocalTransform
from shiome.assimilation.localisation import CUTOFF, Neighbourhood, gaspari_cohn
from shiome.assimilation.observations import Function, IndependentError
from shiome.core.compiling import single
from shiome.grids.distance import GLOBE
from shiome.grids.regions import Region, region_weights
from shiome.showcases.seasonal.reanalysis import (
    ERROR_SHARE,
    Reanalysis,
    filtered,
    observed_amplitudes,
    unforeseen,
)
from shiome.simulation.coupled import Coupled, ReducedOcean
from shiome.simulation.coupled.reduced_ocean import REGIONS
from shiome.simulation.ocean import WARM_WATER, OceanParameters
from shiome.simulation.ocean.coefficients import SECONDS_PER_MONTH

# Boxes in which surface temperature is observed: degrees of longitude and latitude.
BOX = (30, 10)
# A box counts where at least this share of it is covered by the model's patterns.
LEAST_SEA = 0.5
# Where an observation no longer counts: as far as an equatorial Kelvin wave travels from one
# analysis to the next, km.
REACH = 1e-3 * float(OceanParameters().wave_speed) * SECONDS_PER_MONTH


class LocalSurface(NamedTuple):
    """Surface temperature in boxes, and where it is felt.

    Attributes
    ----------
    boxes
        (p, k) mean temperature in each box in K, from the amplitudes.
    near
        Which boxes each variable of the state (k + n) feels, and how strongly.
    """

    boxes: Float[Array, "p k"]
    near: Neighbourhood


def reanalyse_locally(fitted: Coupled, seen: LocalSurface, members: int, key: Array) -> Reanalysis:
    """Assimilate surface temperature in boxes, each variable by the boxes that it feels.

    As :func:`~shiome.showcases.seasonal.reanalysis.reanalyse`, whose observations are amplitudes.
    """
    by_pattern = np.asarray(seen.boxes, np.float64)
    # There are more boxes than patterns, so boxes share their errors: with independent ones, all
    # together must not tell more than the patterns do.
    shared = len(by_pattern) / fitted.model.modes
    error = ERROR_SHARE * shared * unforeseen(fitted, by_pattern)
    return filtered(
        fitted,
        LocalTransform(members, seen.near),
        Function(Partial(_in_boxes, seen.boxes)),
        IndependentError(single(error)),
        (observed_amplitudes(fitted) @ by_pattern.T).astype(np.float32),
        key,
    )


def _in_boxes(boxes: Float[Array, "p k"], state: Float[Array, " n"]) -> Float[Array, " p"]:
    return boxes @ state[: boxes.shape[1]]


def local_surface(
    fitted: Coupled, template: xr.DataArray, ocean: ReducedOcean, reach: float = REACH
) -> LocalSurface:
    """Boxes of a fitted model's belt, and what each variable of its state feels of them.

    Parameters
    ----------
    fitted
        The model.
    template
        A field on the grid that it was fitted on.
    ocean
        Its reduced ocean.
    reach
        Distance beyond which an observation does not count, km.
    """
    boxes, surface = _boxes(fitted, template)
    regions = [region for region in REGIONS if region is not WARM_WATER]
    thickness = np.asarray(ocean.rows([region.name for region in regions]), np.float64)
    weight = np.concatenate(
        [
            _share(acts).T @ gaspari_cohn(_distance(places, boxes), 0.5 * reach)
            for acts, places in ((surface, boxes), (thickness, regions))
        ]
    )
    weight /= weight.max(1, keepdims=True)
    order = np.argsort(-weight, axis=1)
    felt = np.take_along_axis(weight, order, 1)
    used = int((felt > CUTOFF).sum(1).max())
    near = Neighbourhood(jnp.asarray(order[:, :used], jnp.int32), single(felt[:, :used]))
    return LocalSurface(single(surface), near)


def _boxes(fitted: Coupled, template: xr.DataArray) -> tuple[list[Region], npt.NDArray[np.float64]]:
    """Boxes of the model's belt, and (box, k) their mean temperature by amplitudes."""
    used = fitted.surface.used
    patterns = fitted.surface.decode(np.eye(fitted.model.modes))
    boxes, means = [], []
    for south in range(-90, 90, BOX[1]):
        for west in range(0, 360, BOX[0]):
            box = Region("box", west, west + BOX[0], south, south + BOX[1], "this model")
            whole = region_weights(template, box).values
            weights = whole * used
            if weights.sum() > LEAST_SEA * whole.sum():
                boxes.append(box)
                means.append((patterns * weights).sum((1, 2)) / weights.sum())
    return boxes, np.stack(means)


def _share(effect: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of effects (place, variable) what share of each variable's is in which place, by square."""
    return effect**2 / (effect**2).sum(0)


def _distance(places: list[Region], boxes: list[Region]) -> npt.NDArray[np.float64]:
    """(place, box) distance of their middles, km."""
    (south, east), (box_south, box_east) = (
        np.transpose([(0.5 * (r.south + r.north), 0.5 * (r.west + r.east)) for r in regions])
        for regions in (places, boxes)
    )
    return GLOBE.distance(south[:, None], east[:, None], box_south, box_east)
