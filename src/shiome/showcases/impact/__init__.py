"""An honest seasonal forecast of a series of yours, from predicted climate indices.

Bring yields, rainfall, river flow, cases, demand: one value a year, or monthly values. The series
is regressed on the season's Niño 3.4 and dipole index over the years that both were observed; the
seasonal system predicts the indices; the forecast carries the error of both. Skill is measured on
years that neither the regression nor the index forecast has seen.
"""
