"""One vocabulary of variables: CF standard name, unit, and the plain name used in the code."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """A physical quantity as the whole library speaks of it.

    Parameters
    ----------
    name
        Short name used for data variables and file columns.
    standard_name
        CF standard name.
    unit
        Unit inside the library (UDUNITS).
    long_name
        Words for axes and captions.
    """

    name: str
    standard_name: str
    unit: str
    long_name: str

    @property
    def attrs(self) -> dict[str, str]:
        """CF attributes of a data array that holds this variable."""
        return {
            "standard_name": self.standard_name,
            "units": self.unit,
            "long_name": self.long_name,
        }


SST = Variable("sst", "sea_surface_temperature", "degC", "Sea-surface temperature")
SST_ANOMALY = Variable(
    "sst_anomaly",
    "sea_surface_temperature_anomaly",
    "K",
    "Sea-surface temperature anomaly",
)
ELEVATION = Variable(
    "elevation",
    "height_above_mean_sea_level",
    "m",
    "Height above sea level, negative below",
)
BRIGHTNESS_TEMPERATURE = Variable(
    "brightness_temperature",
    "toa_brightness_temperature",
    "K",
    "Brightness temperature in the infrared window",
)
