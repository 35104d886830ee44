"""Finding cyclones and their precursors in cloud images, days before they form.

A simulated world (rotating, moist-convective shallow water) makes the seasons: its vorticity, wind
and warm cores tell where cyclones are, and from which cloud clusters they grew. A network sees the
clouds alone, learns from labelled patches and from whole images, and searches images it never saw.
It is scored beside a temperature threshold, an area threshold and a logistic regression.

All numbers are of the simulated (synthetic) world, unless you bring images and best tracks.
"""
