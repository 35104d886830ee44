"""Side-by-side measurements: ``python -m benchmarks [NAME ...]``.

Each module has ``main() -> list[Row]``; what they share is in :mod:`benchmarks.table`.
"""
