"""Cyclostationary recharge oscillator coupled to the climate modes of the other basins.

The equations are those of the extended nonlinear recharge oscillator (Zhao et al. 2024, Nature,
doi:10.1038/s41586-024-07534-6): linear interaction of all modes with seasonally varying
coefficients, quadratic terms T² and T h in the equation of ENSO's temperature T (h is the warm
water volume) and D² in that of the Indian Ocean Dipole D. Here they are a one-month map, fitted by
ridge regression.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float, Int

from shiome.core.compiling import single
from shiome.core.errors import ModelError
from shiome.simulation.empirical.monthly import MonthlyModel
from shiome.simulation.empirical.regression import ridge, seasonal_factors, successive

# Standardised anomalies beyond this are not in any record; the map is not trusted out there.
LARGEST_STATE = 6.0
# How much more strongly than the annual mean of a linear coefficient each further harmonic is
# shrunk, and a quadratic coefficient: fifty years tell a mean tendency, hardly its semi-annual
# part. Chosen in withheld blocks of synthetic oscillators and of the shipped record, where the
# optimum is flat (docs/benchmarks.md).
HARMONIC_SHRINKAGE = 5.0
QUADRATIC_SHRINKAGE = 15.0


def harmonics(order: int) -> npt.NDArray[np.float64]:
    """1, cos, sin, … of the annual cycle at the middle of each month: (12, 2 order + 1)."""
    angle = 2 * np.pi * (np.arange(12) + 0.5) / 12
    waves = [f(k * angle) for k in range(1, order + 1) for f in (np.cos, np.sin)]
    return np.stack([np.ones(12), *waves], axis=-1)


class RechargeOscillator(MonthlyModel):
    """x(t + 1) = x(t) + A_m x(t) + B_m q(x(t)) + F_m ξ on standardised indices.

    Attributes
    ----------
    linear
        (n, n, h): tendency of variable i from variable j at each of h harmonics.
    quadratic
        (n, p, h): tendency of variable i from product p; zero where the equations have none.
    noise
        (12, n, n) square roots of the residual covariance.
    products
        Index pairs (a, b) of the products x_a x_b.
    order
        Highest harmonic of the annual cycle.
    """

    linear: Float[Array, "n n h"]
    quadratic: Float[Array, "n p h"]
    noise: Float[Array, "12 n n"]
    products: tuple[tuple[int, int], ...] = eqx.field(static=True)
    order: int = eqx.field(static=True)

    @classmethod
    def fit(
        cls,
        state: npt.NDArray,
        month: npt.NDArray[np.int64],
        training: npt.NDArray[np.bool_],
        *,
        names: tuple[str, ...],
        order: int = 2,
        penalty: float = 0.02,
        nonlinear: bool = True,
    ) -> "RechargeOscillator":
        """Estimate the coefficients from successive training months.

        Parameters
        ----------
        state
            (time, n) standardised indices without missing values in training months.
        month, training
            (time,) month numbers, and the months that may be used.
        names
            Name of each index; "nino34", "wwv" and "dmi" have the quadratic terms.
        order
            Highest harmonic of the annual cycle (1: annual, 2: and semi-annual).
        penalty
            Ridge penalty on the annual mean of the linear coefficients, in units of the variance
            of a standardised index; harmonics and quadratic terms have multiples of it.
        nonlinear
            Whether to include the quadratic terms.

        Raises
        ------
        ModelError
            If there are not even as many pairs of months as indices, or none in
            some calendar month.
        """
        now = successive(training, month)
        terms = _terms(names) if nonlinear else {}
        products = tuple(dict.fromkeys(pair for pairs in terms.values() for pair in pairs))
        waves = harmonics(order)[month[now] % 12]
        x, tendency = state[now], state[now + 1] - state[now]
        n, h = x.shape[1], waves.shape[1]
        if len(now) <= n:
            raise ModelError(
                f"{len(now)} pairs of training months for {n} indices; expected more pairs than "
                "indices: use fewer indices or a longer record."
            )
        with_season = (x[:, :, None] * waves[:, None, :]).reshape(len(now), n * h)
        shrinkage = penalty * HARMONIC_SHRINKAGE ** ((np.arange(h) + 1) // 2)
        linear, quadratic = np.zeros((n, n, h)), np.zeros((n, len(products), h))
        residual = np.empty_like(tendency)
        for i in range(n):
            pairs = terms.get(i, ())
            squares = [(x[:, a] * x[:, b])[:, None] * waves for a, b in pairs]
            features = np.concatenate([with_season, *squares], axis=1)
            weight = np.append(
                np.tile(shrinkage, n), np.tile(QUADRATIC_SHRINKAGE * shrinkage, len(pairs))
            )
            solution = ridge(features, tendency[:, [i]], weight)[:, 0]
            residual[:, i] = tendency[:, i] - features @ solution
            linear[i] = solution[: n * h].reshape(n, h)
            for pair, coefficients in zip(pairs, solution[n * h :].reshape(-1, h), strict=True):
                quadratic[i, products.index(pair)] = coefficients
        noise = seasonal_factors(residual, month[now] % 12, half_width=1, shrinkage=0.25)
        return cls(
            linear=single(linear),
            quadratic=single(quadratic),
            noise=single(noise),
            products=products,
            order=order,
        )

    def advance(
        self, state: Float[Array, " n"], month: Int[Array, ""], forcing: Float[Array, " n"]
    ) -> Float[Array, " n"]:
        """One month of the map; the state is held within ±6 standard deviations."""
        season = jnp.asarray(harmonics(self.order), state.dtype)[month]
        tendency = (self.linear @ season) @ state
        if self.products:
            left, right = np.array(self.products).T
            tendency += (self.quadratic @ season) @ (state[left] * state[right])
        return jnp.clip(state + tendency + forcing, -LARGEST_STATE, LARGEST_STATE)


def _terms(names: tuple[str, ...]) -> dict[int, tuple[tuple[int, int], ...]]:
    """Quadratic products in the equation of each variable that has some."""
    at = {name: i for i, name in enumerate(names)}
    terms: dict[int, tuple[tuple[int, int], ...]] = {}
    if "nino34" in at:
        t = at["nino34"]
        terms[t] = ((t, t), (t, at["wwv"])) if "wwv" in at else ((t, t),)
    if "dmi" in at:
        terms[at["dmi"]] = ((at["dmi"], at["dmi"]),)
    return terms
