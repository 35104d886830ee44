"""Assimilation: published schemes beside an analysis, a model and a correction that were learned.

All experiments are twin experiments with the Lorenz-96 model; every number is of synthetic data.
"""
