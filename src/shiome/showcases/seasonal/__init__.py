"""Seasonal outlook from observed sea-surface temperature, with its honest skill.

Observed monthly SST (the shipped record, or a file of yours) is forecast 1–12 months ahead by a
blend of models behind one interface: cyclostationary linear inverse models of tropical SST and
recharge oscillators coupled to the other basins, which a simulated ocean, driven by the winds that
go with the surface temperature, tells how much warm water lies below; and coupled models of surface
and ocean, started from these winds and from an ensemble filter. 108 members give probabilities;
every number is verified on years that no fit has seen. The predicted Indian Ocean Dipole feeds a
hybrid forecast of East African short rains.
"""
