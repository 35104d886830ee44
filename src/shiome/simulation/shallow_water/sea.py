"""What surrounds the moist layer: a warm sea, steering flow and vertical shear, by season.

Synthetic throughout: smooth functions of latitude, longitude and the day of the year, with the
features that decide the life of western North Pacific cyclones (warm pool, trades, subtropical
ridge that moves with the season, westerlies, strong shear to the north and in winter), and
wandering waves with random amplitude.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.simulation.shallow_water.operators import halo, window

Field = Float[Array, "y x"]
HOURS_PER_YEAR = 8766.0
# Hours from 1 January to the warmest sea, about 1 September.
WARMEST = 243 * 24.0


class Surroundings(NamedTuple):
    """What the layer feels at one time.

    Attributes
    ----------
    humidity
        Saturation humidity of the sea surface at centres, in units of the layer's, 1.
    u, v
        Steering flow through east and north faces, m/s, without divergence.
    shear_u, shear_v
        Wind at the height of the cloud tops less that of the layer, on the same faces, m/s.
    """

    humidity: Field
    u: Field
    v: Field
    shear_u: Field
    shear_v: Field


class Waves(NamedTuple):
    """Wandering waves of one kind; each has a random complex amplitude of unit variance.

    Attributes
    ----------
    first, kinds
        Lowest number of waves around the band, and how many numbers from there.
    latitude, width
        Centre and half-width of the Gaussian envelope, degrees.
    speed
        Eastward phase speed, m/s.
    wind
        Root-mean-square meridional wind at the centre, all waves together, m/s.
    """

    first: int
    kinds: int
    latitude: float
    width: float
    speed: float
    wind: float


class Sea(eqx.Module):
    """Sea, steering and shear as functions of time and of the wandering waves.

    Attributes
    ----------
    latitude
        Of the rows' centres, degrees, shape (y,).
    columns, spacing
        Number of columns, and distance between neighbours in m.
    warmest, seasonal
        Sea-surface temperature of the warm pool in the mean of the year, and half the difference
        of its extremes, degC.
    pool_edge, pool_shift
        Latitude to which the warm pool reaches in the mean of the year, and its seasonal
        excursion, degrees.
    cooling
        Fall of temperature poleward of the pool, K per degree.
    zonal
        Half the difference of temperature between the warm and the cool side of the band, K.
    easterlies, westerlies
        Strength of the trades and of the westerlies, m/s.
    ridge, ridge_shift
        Latitude between them in the mean of the year, and its seasonal excursion, degrees.
    high
        Meridional wind on the flanks of the standing subtropical high, m/s.
    calm_shear, strong_shear, winter_shear
        Vertical shear south of the ridge, its growth across the ridge, and what winter adds, m/s.
    steering_waves, shear_waves
        Wandering waves.
    memory
        Time in which a wave forgets its amplitude, hours.
    """

    latitude: Float[Array, " y"]
    columns: int = eqx.field(static=True)
    spacing: float
    warmest: float = 29.0
    seasonal: float = 0.6
    pool_edge: float = 22.0
    pool_shift: float = 6.0
    cooling: float = 0.55
    zonal: float = 0.3
    easterlies: float = 5.0
    westerlies: float = 12.0
    ridge: float = 32.0
    ridge_shift: float = 4.0
    high: float = 2.0
    calm_shear: float = 3.0
    strong_shear: float = 16.0
    winter_shear: float = 10.0
    steering_waves: tuple[Waves, ...] = (
        Waves(2, 4, 13.0, 6.0, -7.0, 2.5),
        Waves(1, 4, 38.0, 9.0, 9.0, 3.5),
    )
    shear_waves: tuple[Waves, ...] = (Waves(1, 5, 20.0, 10.0, 2.0, 5.0),)
    memory: float = 120.0

    @property
    def modes(self) -> int:
        """Number of wandering waves."""
        return sum(w.kinds for w in (*self.steering_waves, *self.shear_waves))

    def draw(self, key: PRNGKeyArray) -> Float[Array, "mode 2"]:
        """Amplitudes of the waves (cosine, sine) at any time, drawn from what they may be."""
        return jax.random.normal(key, (self.modes, 2))

    def wander(self, waves: Float[Array, "mode 2"], hours: float, key: PRNGKeyArray) -> Array:
        """Move the waves on: they travel at their speed, forget and are renewed."""
        turn = jnp.asarray(self._frequencies() * hours, waves.dtype)
        keep = float(np.exp(-hours / self.memory))
        c, s = jnp.cos(turn), jnp.sin(turn)
        moved = jnp.stack(
            [c * waves[:, 0] + s * waves[:, 1], c * waves[:, 1] - s * waves[:, 0]], axis=1
        )
        return keep * moved + (1 - keep**2) ** 0.5 * self.draw(key)

    def temperature(self, time: Float[Array, ""] | float) -> Field:
        """Sea-surface temperature in degC at a time in hours since 1 January, (y, x)."""
        season = _season(time)
        beyond = self.latitude - self.pool_edge - self.pool_shift * season
        # A soft corner of three degrees.
        fall = self.cooling * 3.0 * jax.nn.softplus(beyond / 3.0)
        angle = 2 * jnp.pi * jnp.arange(self.columns) / self.columns
        return (self.warmest + self.seasonal * season - fall)[:, None] + self.zonal * jnp.cos(
            angle - 1.2
        )

    def __call__(
        self, time: Float[Array, ""] | float, waves: Float[Array, "mode 2"]
    ) -> Surroundings:
        """Surroundings at a time in hours since 1 January."""
        season = _season(time)
        # 7 % more vapour per kelvin; 1 at the 26.5 °C below which cyclones do not grow.
        humidity = jnp.exp(0.07 * (self.temperature(time) - 26.5))
        steering = sum(w.kinds for w in self.steering_waves)
        u, v = self._wind(self.steering_waves, waves[:steering], self.high)
        shear_u, shear_v = self._wind(self.shear_waves, waves[steering:], 0.0)
        beyond = self.latitude - self.ridge - self.ridge_shift * season
        mean = self.westerlies * jax.nn.sigmoid((beyond - 3.0) / 4.0) - self.easterlies * jnp.exp(
            -(((self.latitude - 13.0) / 9.0) ** 2)
        )
        mean_shear = (
            self.calm_shear
            + self.strong_shear * jax.nn.sigmoid((beyond + 2.0) / 3.0)
            + self.winter_shear * 0.5 * (1 - season)
        )
        return Surroundings(humidity, u + mean[:, None], v, shear_u + mean_shear[:, None], shear_v)

    def _frequencies(self) -> np.ndarray:
        """Radians an hour by which each wave advances eastward."""
        length = self.columns * self.spacing
        return np.concatenate(
            [
                2 * np.pi * np.arange(w.first, w.first + w.kinds) / length * w.speed * 3600.0
                for w in (*self.steering_waves, *self.shear_waves)
            ]
        )

    def _wind(
        self, kinds: tuple[Waves, ...], amplitudes: Array, high: float
    ) -> tuple[Field, Field]:
        """Wind on faces from the stream function of waves and of a standing high, m/s."""
        step = self.latitude[1] - self.latitude[0]
        corners = self.latitude + 0.5 * step
        # Nothing flows through the walls.
        inside = (corners - corners[-1]) * (corners - corners[0] + step)
        inside = jnp.tanh(jnp.abs(inside) / 100.0)
        wavenumber = 2 * jnp.pi / (self.columns * self.spacing)
        angle = 2 * jnp.pi * (jnp.arange(self.columns) + 0.5) / self.columns
        # The ridge of the standing high lies at two thirds of the band.
        envelope = jnp.exp(-(((corners - 28.0) / 8.0) ** 2))
        psi = (high / wavenumber * inside * envelope)[:, None] * jnp.cos(angle - 4.2)
        begin = 0
        for kind in kinds:
            numbers = jnp.arange(kind.first, kind.first + kind.kinds)
            scale = kind.wind / (wavenumber * numbers * kind.kinds**0.5)  # m²/s
            along = amplitudes[begin : begin + kind.kinds] * scale[:, None]
            phase = numbers[:, None] * angle
            row = along[:, 0] @ jnp.cos(phase) + along[:, 1] @ jnp.sin(phase)
            column = inside * jnp.exp(-(((corners - kind.latitude) / kind.width) ** 2))
            psi = psi + column[:, None] * row
            begin += kind.kinds
        p = halo(psi)
        return -(psi - window(p, -1)) / self.spacing, (psi - window(p, 0, -1)) / self.spacing


def _season(time: Float[Array, ""] | float) -> Float[Array, ""]:
    """1 when the sea is warmest, -1 half a year away."""
    return jnp.cos(2 * jnp.pi * (jnp.asarray(time) - WARMEST) / HOURS_PER_YEAR)
