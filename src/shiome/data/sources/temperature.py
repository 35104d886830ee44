"""Units and kind of a temperature field: K or °C, absolute or anomaly, missing values."""

import re

import numpy as np
import numpy.typing as npt

from shiome.core.constants import ZERO_CELSIUS
from shiome.core.errors import DataError

# No temperature of the sea, in K or °C, absolute or anomaly, lies outside these: what does is a
# code for missing (-999, -1000 for sea ice in HadISST, -32768, 1e20, 9.97e36).
LOWEST, HIGHEST = -90.0, 400.0
# Between these, in K, a tropical median is absolute; and so on.
KELVIN_RANGE, CELSIUS_RANGE, ANOMALY_RANGE = (285.0, 310.0), (12.0, 37.0), (-6.0, 6.0)
_KELVIN = re.compile(r"^(k|kelvins?|deg(ree)?s?[ _]?k(elvin)?)$", re.IGNORECASE)
_CELSIUS = re.compile(r"^(°?\s?c|celsius|deg(ree)?s?[ _]?\(?c(elsius)?\)?|c_deg)$", re.IGNORECASE)


def parse_units(units: str, where: str) -> str:
    """Read the units attribute: ``K``, ``degC``, or empty where the file does not say.

    Raises
    ------
    DataError
        If the units are not those of a temperature.
    """
    text = units.strip()
    if text in ("", "1", "none", "-"):
        return ""
    if _KELVIN.match(text):
        return "K"
    if _CELSIUS.match(text):
        return "degC"
    raise DataError(
        f"{where} has units {units!r}; expected a temperature in K or degC (units 'K' or 'degC')."
    )


def without_codes(values: npt.NDArray) -> npt.NDArray:
    """Values with codes for missing made NaN."""
    values = values if np.issubdtype(values.dtype, np.floating) else values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.where((values > LOWEST) & (values < HIGHEST), values, np.nan)


def decide(
    field: npt.NDArray, latitude: npt.NDArray, units: str, labelled_anomaly: bool, where: str
) -> tuple[bool, float, str]:
    """Decide whether a field holds anomalies, and what to subtract to reach °C.

    The median over the tropics decides: near 300 K or 27 °C for temperatures, near 0 for
    anomalies. Names and attributes decide for fields without tropics.

    Parameters
    ----------
    field
        Values with NaN where missing, shape (..., latitude, longitude).
    latitude
        Shape (latitude,), degrees.
    units
        ``K``, ``degC`` or empty.
    labelled_anomaly
        Whether names or attributes speak of an anomaly.
    where
        File and variable, for messages.

    Returns
    -------
    Whether these are anomalies; the offset to subtract, in K; a note, or nothing.
    """
    tropics = field[..., np.abs(latitude) < 25.0, :]
    tropical = bool(np.isfinite(tropics).any())
    median = float(np.nanmedian(tropics if tropical else field))
    kelvin = float(ZERO_CELSIUS)
    if _inside(median, ANOMALY_RANGE) and (labelled_anomaly or tropical):
        note = (
            ""
            if labelled_anomaly
            else (f"{where} is read as anomalies: its tropical median is {median:.1f}, near zero.")
        )
        return True, 0.0, note
    if not tropical and not labelled_anomaly:
        absolute_kelvin = units == "K" or (not units and median > 200.0)
        guessed = (
            "" if units else f"{where} names no units; read as {'K' if absolute_kelvin else '°C'}."
        )
        return False, kelvin if absolute_kelvin else 0.0, guessed
    for unit, limits, offset in (("K", KELVIN_RANGE, kelvin), ("degC", CELSIUS_RANGE, 0.0)):
        if _inside(median, limits) and units in (unit, ""):
            notes = [] if units else [f"{where} names no units; read as {unit} by its values."]
            if labelled_anomaly:
                notes.append(
                    f"{where} is named an anomaly but holds temperatures "
                    f"(tropical median {median:.1f}); read as temperatures."
                )
            return False, offset, " ".join(notes)
    raise DataError(
        f"{where} has units {units or 'not given'} and a {'tropical ' if tropical else ''}median "
        f"of {median:.4g}; expected a sea-surface temperature (in the tropics near 300 K or "
        "27 degC) or its anomaly (near 0)."
    )


def _inside(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]
