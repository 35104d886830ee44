"""Fields and series: SST, ship observations, winds, ocean temperature, relief."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from samples import FERRET, JCM, STATSMODELS, Sample

SEA_BELOW = 0.5  # fraction of land under which a cell is sea
ICE_FREE_BELOW = 0.02  # climatological sea-ice concentration that no month of a cell reaches
KELVIN = 273.15

FERRET_LICENSE = "Public domain (NOAA; Ferret License Agreement of the Debian package)"
JCM_LICENSE = "Apache-2.0 (licence of the jcm wheel that carries the file)"
JCM_ORIGIN = (
    "T30 boundary file of the SPEEDY atmosphere model, as carried by jcm 3.0.0. The file does not "
    "name its source; under sea ice it holds the temperature of the surface, as a reanalysis does."
)
JCM_CITATION = (
    "Boundary conditions of SPEEDY (Molteni 2003, Clim. Dyn. 20, 175-191, "
    "doi:10.1007/s00382-002-0268-2), distributed with jcm 3.0.0."
)


def standard(dataset: xr.Dataset, x: str, y: str, *, south: float = -90.0, north: float = 90.0):
    """Rename axes, sort to ascending latitude and longitude in [0, 360), cut a band."""
    dataset = dataset.rename({x: "longitude", y: "latitude"})
    longitude = np.round(np.mod(dataset.longitude.values, 360.0), 6)
    dataset = dataset.assign_coords(
        longitude=("longitude", longitude, {"standard_name": "longitude", "units": "degrees_east"}),
        latitude=(
            "latitude",
            np.round(dataset.latitude.values, 6),
            {"standard_name": "latitude", "units": "degrees_north"},
        ),
    )
    return dataset.sortby(["latitude", "longitude"]).sel(latitude=slice(south, north))


def months_of_year(dataset: xr.Dataset, axis: str) -> xr.Dataset:
    """Replace a climatological time axis by the calendar month 1–12."""
    attrs = {"long_name": "calendar month", "units": "1"}
    dataset = dataset.rename({axis: "month"}).drop_vars(axis, errors="ignore")
    return dataset.assign_coords(month=("month", np.arange(1, 13, dtype=np.int32), attrs))


def array(values: xr.DataArray, standard_name: str, units: str, long_name: str) -> xr.DataArray:
    """Give an array CF attributes and no others."""
    values = values.astype(np.float64)
    values.attrs = {"standard_name": standard_name, "units": units, "long_name": long_name}
    return values


def t30(folder: Path, path: str) -> xr.Dataset:
    """Open one T30 boundary file in the standard layout."""
    with xr.open_dataset(folder / JCM[1] / path, decode_times=False) as opened:
        dataset = opened.load().drop_vars(["lev", "time"], errors="ignore")
    return standard(dataset, "lon", "lat")


T30 = "jcm/data/bc/t30/"
T30_MASKS = [T30 + "clim/surface.nc (lsm)", T30 + "clim/sea_ice.nc (icec)"]
T30_PARAMETERS = {"sea_below": SEA_BELOW, "ice_free_below": ICE_FREE_BELOW}
T30_STEPS = [
    f"Sea cells only: land fraction lsm < {SEA_BELOW}.",
    f"Ice-free cells only: climatological ice concentration below {ICE_FREE_BELOW} in every month. "
    "The source holds the temperature of the ice surface elsewhere (anomalies up to 23 K): "
    "854 of 3,080 sea cells are left out for that reason.",
    "Latitude made ascending; CF names and attributes.",
]


def ice_free_sea(folder: Path) -> xr.DataArray:
    """Cells of the T30 grid whose values are those of sea water in all months."""
    land = t30(folder, T30 + "clim/surface.nc").lsm
    ice = t30(folder, T30 + "clim/sea_ice.nc").icec.max("time")
    return (land < SEA_BELOW) & (ice < ICE_FREE_BELOW)


def sst_anomaly(folder: Path) -> Sample:
    values = t30(folder, T30 + "anom/sea_surface_temperature_anomaly.nc").ssta
    values = values.where(ice_free_sea(folder))
    time = pd.date_range("1979-01-01", periods=values.sizes["time"], freq="MS")
    values = values.assign_coords(time=("time", time, {"standard_name": "time"}))
    name = "sea_surface_temperature_anomaly"
    return Sample(
        id="sst-anomaly-t30",
        title="Global monthly SST anomalies 1979–2013, T30 grid (48 × 96)",
        kind="reanalysis",
        license=JCM_LICENSE,
        citation=JCM_CITATION,
        description=f"Anomalies from the 1981–2010 monthly climatology. {JCM_ORIGIN}",
        origin=JCM,
        paths=[T30 + "anom/sea_surface_temperature_anomaly.nc (ssta)", *T30_MASKS],
        transformations=T30_STEPS,
        dataset=xr.Dataset(
            {"sst_anomaly": array(values, name, "K", "Sea-surface temperature anomaly")}
        ),
        steps={"sst_anomaly": 0.001},
        parameters=T30_PARAMETERS,
    )


def sst_climatology(folder: Path) -> Sample:
    values = t30(folder, T30 + "clim/sea_surface_temperature.nc").sst
    values = months_of_year(values.to_dataset(), "time").sst.where(ice_free_sea(folder)) - KELVIN
    return Sample(
        id="sst-climatology-t30",
        title="Monthly SST climatology 1981–2010, T30 grid (48 × 96)",
        kind="reanalysis",
        license=JCM_LICENSE,
        citation=JCM_CITATION,
        description=f"Climatology that belongs to sst-anomaly-t30. {JCM_ORIGIN}",
        origin=JCM,
        paths=[T30 + "clim/sea_surface_temperature.nc (sst)", *T30_MASKS],
        transformations=[*T30_STEPS, f"K to °C ({KELVIN} subtracted)."],
        dataset=xr.Dataset(
            {"sst": array(values, "sea_surface_temperature", "degC", "Sea-surface temperature")}
        ),
        steps={"sst": 0.001},
        parameters=T30_PARAMETERS,
    )


FERRET_DATA = "usr/share/ferret-vis/data/"


def ferret(folder: Path, name: str) -> xr.Dataset:
    """Open one file of the Debian package."""
    with xr.open_dataset(folder / "ferret" / FERRET_DATA / name, decode_times=False) as opened:
        return opened.load()


def coads(folder: Path) -> Sample:
    dataset = months_of_year(ferret(folder, "coads_climatology.cdf"), "TIME")
    dataset = standard(dataset, "COADSX", "COADSY")
    variables = {
        "sst": array(dataset.SST, "sea_surface_temperature", "degC", "Sea-surface temperature"),
        "air_temperature": array(
            dataset.AIRT, "air_temperature", "degC", "Air temperature over the sea"
        ),
        "eastward_wind": array(dataset.UWND, "eastward_wind", "m s-1", "Eastward wind"),
        "northward_wind": array(dataset.VWND, "northward_wind", "m s-1", "Northward wind"),
        "sea_level_pressure": array(
            dataset.SLP, "air_pressure_at_mean_sea_level", "hPa", "Sea-level pressure"
        ),
    }
    return Sample(
        id="coads-climatology",
        title="Monthly climatology of ship observations (COADS), 2° grid",
        kind="observation",
        license=FERRET_LICENSE,
        citation="Woodruff et al. 1987, Bull. Amer. Meteor. Soc. 68, 1239-1250 "
        "(Comprehensive Ocean-Atmosphere Data Set).",
        description="SST, air temperature, winds and pressure where ships went; gaps elsewhere.",
        origin=FERRET,
        paths=[FERRET_DATA + "coads_climatology.cdf"],
        transformations=["Five of seven variables; calendar month instead of hours since year 0; "
                         "longitudes in [0, 360); CF names and units."],
        dataset=xr.Dataset(variables),
        steps={
            "sst": 0.01, "air_temperature": 0.01, "eastward_wind": 0.01, "northward_wind": 0.01,
            "sea_level_pressure": 0.05,
        },
    )  # fmt: skip


def navy_winds(folder: Path) -> Sample:
    south, north = -40.0, 40.0
    dataset = ferret(folder, "monthly_navy_winds.cdf")
    time = pd.date_range("1982-01-01", periods=dataset.sizes["TIME"], freq="MS")
    dataset = dataset.rename(TIME="time").assign_coords(
        time=("time", time, {"standard_name": "time"})
    )
    dataset = standard(dataset, "FNOCX", "FNOCY", south=south, north=north)
    variables = {
        "eastward_wind": array(dataset.UWND, "eastward_wind", "m s-1", "Eastward wind"),
        "northward_wind": array(dataset.VWND, "northward_wind", "m s-1", "Northward wind"),
    }
    return Sample(
        id="navy-winds",
        title="Monthly surface winds 1982–1992, 2.5° grid, 40°S–40°N",
        kind="observation",
        license=FERRET_LICENSE,
        citation="U.S. Navy Fleet Numerical Oceanography Center (FNOC) wind analyses, "
        "monthly means distributed with Ferret (NOAA/PMEL).",
        description="Operational analyses of observed surface winds, monthly means.",
        origin=FERRET,
        paths=[FERRET_DATA + "monthly_navy_winds.cdf"],
        transformations=["Cut to 40°S–40°N; mid-month stamps replaced by the start of the month; "
                         "longitudes in [0, 360); CF names and units."],
        dataset=xr.Dataset(variables),
        steps={"eastward_wind": 0.02, "northward_wind": 0.02},
        parameters={"south": south, "north": north},
    )  # fmt: skip


def ocean_temperature(folder: Path) -> Sample:
    south, north, deepest = -30.0, 30.0, 500.0
    dataset = months_of_year(ferret(folder, "ocean_atlas_subset.nc"), "TIME")
    dataset = standard(dataset, "XAX_SUBSET", "YAX_SUBSET", south=south, north=north)
    dataset = dataset.rename(ZAXLEVIT19="depth").sel(depth=slice(0.0, deepest))
    dataset["depth"].attrs = {"standard_name": "depth", "units": "m", "positive": "down"}
    values = array(dataset.TEMP, "sea_water_temperature", "degC", "Temperature of the sea at depth")
    return Sample(
        id="ocean-temperature",
        title="Monthly climatology of ocean temperature, 0–500 m, 2° grid, 30°S–30°N",
        kind="observation",
        license=FERRET_LICENSE,
        citation="Levitus and Boyer 1994, World Ocean Atlas 1994 Vol. 4: Temperature, "
        "NOAA Atlas NESDIS 4.",
        description="Objectively analysed observations; every second degree of the 1° atlas.",
        origin=FERRET,
        paths=[FERRET_DATA + "ocean_atlas_subset.nc"],
        transformations=[
            "Cut to 30°S–30°N and to the 14 levels down to 500 m; calendar month instead of hours "
            "since year 0; longitudes in [0, 360); CF names and units."
        ],
        dataset=xr.Dataset({"sea_water_temperature": values}),
        steps={"sea_water_temperature": 0.01},
        parameters={"south": south, "north": north, "deepest": deepest},
    )


def relief(folder: Path) -> Sample:
    dataset = standard(ferret(folder, "etopo60.cdf"), "ETOPO60X", "ETOPO60Y")
    values = array(dataset.ROSE, "surface_altitude", "m", "Height of the solid surface")
    return Sample(
        id="relief-1deg",
        title="Relief of the Earth's surface, 1° grid",
        kind="observation",
        license=FERRET_LICENSE,
        citation="NOAA National Geophysical Data Center 1988, ETOPO5, Data Announcement "
        "88-MGG-02; 1° version distributed with Ferret.",
        description="Land height (positive) and sea depth (negative).",
        origin=FERRET,
        paths=[FERRET_DATA + "etopo60.cdf"],
        transformations=["Longitudes in [0, 360); whole metres; CF names and units."],
        dataset=xr.Dataset({"surface_altitude": values}),
        steps={"surface_altitude": 1.0},
    )


def nino12(folder: Path) -> Sample:
    path = "statsmodels/datasets/elnino/elnino.csv"
    table = pd.read_csv(folder / STATSMODELS[1] / path, index_col=0)
    first = f"{table.index[0]}-01-01"
    time = pd.date_range(first, periods=table.size, freq="MS")
    values = xr.DataArray(table.to_numpy().ravel(), {"time": time}, "time")
    values = array(values, "sea_surface_temperature", "degC", "Niño 1+2 SST (90–80°W, 10°S–0°)")
    values["time"].attrs = {"standard_name": "time"}
    return Sample(
        id="nino12-ersst3b",
        title="Monthly SST of the Niño 1+2 box 1950–2010 (ERSST v3b)",
        kind="observation",
        license="Public domain (as stated in the package that carries it)",
        citation="Smith et al. 2008, J. Climate 21, 2283-2296 (ERSST v3b); "
        "box mean by NOAA Climate Prediction Center.",
        description="An observed series that no other sample is made from, for cross-checks.",
        origin=STATSMODELS,
        paths=[path],
        transformations=["Twelve columns of months made one time axis."],
        dataset=xr.Dataset({"nino12": values}),
        steps={"nino12": 0.01},
    )
