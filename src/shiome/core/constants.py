"""Physical constants, each once: value, unit, meaning, source."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Constant:
    """A number with its unit, meaning and source; ``float(constant)`` gives the value."""

    value: float
    unit: str
    meaning: str
    source: str

    def __float__(self) -> float:
        return self.value


EARTH_RADIUS = Constant(
    6_371_000.0, "m", "mean radius of the Earth", "IUGG: (2a + b) / 3, rounded to 1 km"
)
ZERO_CELSIUS = Constant(273.15, "K", "0 °C on the Kelvin scale", "SI Brochure, 9th ed., 2.3.1")
EARTH_ROTATION = Constant(
    7.292_115e-5, "s-1", "angular velocity of the Earth", "IERS Conventions 2010, table 1.1"
)
SEAWATER_DENSITY = Constant(
    1025.0, "kg m-3", "density of surface sea water", "Gill 1982, Atmosphere-Ocean Dynamics, app. 3"
)
