"""Sea floor, sharper: super-resolution of real bathymetry, scored on ocean basins never seen.

Networks of six families sharpen area means by 2, 4 and 8, beside nearest, bilinear, bicubic,
Lanczos and spline interpolation; with errors they state themselves, and adversarial variants that
draw plausible detail. Ship tracks are filled in to whole grids.

The command ``shiome sharpen FILE`` applies the shipped networks to any grid.
"""
