"""A coupled model of the tropical ocean and its surface, from first run to forecast.

A century of its own weather, beside what was observed; a reanalysis of 1979–2013 that has only ever
seen surface temperature; and 108-member forecasts, cross-validated, alone and in the seasonal
blend.
"""
