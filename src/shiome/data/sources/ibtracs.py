"""Best tracks of IBTrACS version 4, as CSV or netCDF.

Knapp et al. (2010), doi:10.1175/2009BAMS2755.1. The CSV file has its units in a second header
line and blanks where a value is missing; the netCDF file has dimensions (storm, date_time), texts
as characters and fill values behind the end of each track.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from shiome.core.errors import DataError
from shiome.data.sources.files import expand, fetch, open_raw
from shiome.data.tracks import checked_tracks

KNOT = 1852.0 / 3600.0  # m s-1
GALE = 34.0  # kt: a tropical storm from here on (WMO)
# Columns of the CSV file; the variables of the netCDF file have the same names in small letters.
NEEDED = ("SID", "ISO_TIME", "NATURE", "LAT", "LON")
WINDS, PRESSURES = ("WMO_WIND", "USA_WIND"), ("WMO_PRES", "USA_PRES")
NOT_TROPICAL = ("ET", "DS")  # extratropical, disturbance
_MODIFIED_JULIAN = np.datetime64("1858-11-17", "ns")


def open_ibtracs(path: str) -> pd.DataFrame:
    """Read IBTrACS as a table of tracks.

    Wind and pressure are those of the responsible centre (WMO) where it gives them, else those of
    the US agencies; the two differ in averaging time (10 min, 1 min), and no factor is applied.

    A storm becomes a cyclone with its first gale (34 kt) while its nature is neither
    extratropical nor a disturbance; rows before are "precursor". Its track ends with the last
    such row. A system without any is "failed" throughout. Alternative tracks ("spur") are
    dropped, and so are storms without any wind.

    Parameters
    ----------
    path
        CSV or netCDF file; a file, glob or address.

    Returns
    -------
    Checked tracks (:mod:`shiome.data.tracks`): wind in m s-1, pressure in hPa, longitudes in
    [0, 360). ``attrs["notes"]`` says what was left out.

    Raises
    ------
    DataError
        If the file cannot be read or understood, or a row is impossible.
    """
    names = expand(path)
    if len(names) > 1:
        raise DataError(f"{path}: {len(names)} files match; expected one file of tracks.")
    with fetch(names[0]) as local:
        with Path(local).open("rb") as stream:
            netcdf = stream.read(4).startswith((b"CDF", b"\x89HDF"))
        rows = _from_netcdf(local, path) if netcdf else _from_csv(Path(local), path)
    longitude = rows["longitude"]
    wrong = ~longitude.between(-180.0, 360.0)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{path}: longitude {longitude.iloc[row]:g} of storm {rows['storm'].iloc[row]} at "
            f"{rows['time'].iloc[row]}; expected −180 to 360."
        )
    rows["longitude"] = longitude % 360.0
    # Before stages are given: they depend on the order.
    checked_tracks(rows.assign(stage="failed"), path)
    staged, notes = _staged(rows)
    if not len(staged):
        raise DataError(f"{path}: no storm of {rows['storm'].nunique()} has a wind; expected some.")
    table = checked_tracks(staged, path)
    table.attrs["notes"] = notes
    return table


def _from_csv(local: Path, name: str) -> pd.DataFrame:
    """Rows of the CSV file, in its order."""
    wanted = {*NEEDED, *WINDS, *PRESSURES, "TRACK_TYPE"}
    try:
        text = pd.read_csv(
            local,
            dtype=str,
            keep_default_na=False,  # the North Atlantic is "NA"
            usecols=lambda column: column.strip() in wanted,
            encoding="utf-8-sig",
        )
    except (ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{name}: is no table ({reason}); expected an IBTrACS v4 CSV.") from error
    text = text.rename(columns=str.strip).apply(lambda column: column.str.strip())
    _need(set(text), name)
    if text["LAT"].iloc[:1].str.startswith("deg").any():
        text = text.iloc[1:]  # units
    number = {column: _numbers(text, column, name) for column in ("LAT", "LON")}
    strength = [_first_known(text, columns, name) for columns in (WINDS, PRESSURES)]
    time = pd.to_datetime(text["ISO_TIME"], errors="coerce", format="ISO8601")
    bad = np.flatnonzero(time.isna())
    if bad.size:
        raise DataError(
            f"{name}: ISO_TIME {text['ISO_TIME'].iloc[bad[0]]!r} in line {bad[0] + 3}; expected a "
            "date such as 1999-09-10 06:00:00."
        )
    return _rows(
        text["SID"].to_numpy(object),
        time.to_numpy("datetime64[ns]"),
        (number["LAT"], number["LON"]),
        strength,
        text["NATURE"].to_numpy(object),
        text["TRACK_TYPE"].to_numpy(object) if "TRACK_TYPE" in text else None,
    )


def _from_netcdf(local: str, name: str) -> pd.DataFrame:
    """Rows of the netCDF file, storm by storm."""
    with open_raw(local, name) as dataset:
        held = {str(v).upper() for v in dataset.variables}
        _need(held | ({"ISO_TIME"} if "TIME" in held else set()), name)
        if set(dataset["lat"].dims) != {"storm", "date_time"}:
            raise DataError(
                f"{name}: 'lat' has dimensions {dataset['lat'].dims}; "
                "expected (storm, date_time), as in IBTrACS v4."
            )
        latitude, days = (_plane(dataset, v) for v in ("lat", "time"))
        inside = np.isfinite(latitude) & np.isfinite(days)
        storm, _ = np.nonzero(inside)
        strength = []
        for columns in (WINDS, PRESSURES):
            value = np.full(latitude.shape, np.nan)
            for column in columns:
                if column.lower() in dataset:
                    value = np.where(np.isnan(value), _plane(dataset, column.lower()), value)
            strength.append(value[inside])
        nature = _texts(dataset["nature"])[inside]
        kind = _texts(dataset["track_type"])[storm] if "track_type" in dataset else None
        # Days in double precision are good to a microsecond: the minute is meant.
        minutes = np.rint(days[inside] * 1440.0).astype("timedelta64[m]")
        return _rows(
            _texts(dataset["sid"])[storm],
            (_MODIFIED_JULIAN + minutes).astype("datetime64[ns]"),
            (latitude[inside], _plane(dataset, "lon")[inside]),
            strength,
            nature,
            kind,
        )


def _rows(
    storm: npt.NDArray,
    time: npt.NDArray[np.datetime64],
    place: tuple[npt.NDArray, npt.NDArray],
    strength: list[npt.NDArray],
    nature: npt.NDArray,
    kind: npt.NDArray | None,
) -> pd.DataFrame:
    """One table of what both kinds of file hold: winds in m s-1, main tracks only."""
    rows = pd.DataFrame(
        {
            "storm": storm,
            "time": time,
            "latitude": place[0],
            "longitude": place[1],
            "wind": strength[0] * KNOT,
            "pressure": strength[1],
            "nature": nature,
        }
    )
    if kind is not None:
        rows = rows[~pd.Series(kind).str.lower().str.startswith("spur").to_numpy(bool)]
    return rows.reset_index(drop=True)


def _staged(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Give each row its stage, and end each track with its last gale."""
    gale = (rows["wind"] >= (GALE - 0.01) * KNOT) & ~rows["nature"].isin(NOT_TROPICAL)
    by_storm = gale.groupby(rows["storm"], sort=False)
    formed, ever = by_storm.cummax(), by_storm.transform("any")
    to_come = gale[::-1].groupby(rows["storm"][::-1], sort=False).cummax()[::-1]
    windless = ~rows["wind"].notna().groupby(rows["storm"], sort=False).transform("any")
    stage = np.select([~ever, formed], ["failed", "cyclone"], default="precursor")
    kept = ~windless & (~ever | to_come)
    notes = []
    ended = int((ever & ~to_come).sum())
    if ended:
        notes.append(f"{ended} rows after the last gale of their storm are left out.")
    if windless.any():
        count = rows["storm"][windless].nunique()
        notes.append(f"{count} storm(s) without any wind are left out.")
    return rows.assign(stage=stage)[kept].reset_index(drop=True), notes


def _need(held: set[str], name: str) -> None:
    """Refuse a file that lacks what a track needs."""
    missing = [column for column in NEEDED if column not in held]
    if missing or not held & set(WINDS):
        lacking = ", ".join(missing) or " or ".join(WINDS)
        raise DataError(f"{name}: no column {lacking}; expected the columns of IBTrACS v4.")


def _numbers(text: pd.DataFrame, column: str, name: str) -> npt.NDArray[np.float64]:
    """Values of a column; NaN where it is blank."""
    number = pd.to_numeric(text[column].replace("", None), errors="coerce")
    wrong = np.flatnonzero(number.isna() & (text[column] != ""))
    if wrong.size:
        raise DataError(
            f"{name}: {column} {text[column].iloc[wrong[0]]!r} in line {wrong[0] + 3} is no "
            "number; expected one, or a blank."
        )
    return number.to_numpy(np.float64)


def _first_known(
    text: pd.DataFrame, columns: tuple[str, ...], name: str
) -> npt.NDArray[np.float64]:
    """The first of several columns that has a value, row by row."""
    value = np.full(len(text), np.nan)
    for column in columns:
        if column in text:
            value = np.where(np.isnan(value), _numbers(text, column, name), value)
    return value


def _plane(dataset: xr.Dataset, name: str) -> npt.NDArray[np.float64]:
    """A variable as (storm, date_time)."""
    return dataset[name].transpose("storm", "date_time").values.astype(np.float64)


def _texts(variable: xr.DataArray) -> npt.NDArray:
    """Texts of a variable of characters."""
    values = np.char.strip(np.char.decode(variable.values.astype("S"), "utf-8", "replace"), " \0")
    return values.astype(object)
