"""What holds for every test."""

from hypothesis import settings

# No timing in tests: a busy machine is no failure. And the same examples on every run.
settings.register_profile("shiome", deadline=None, derandomize=True)
settings.load_profile("shiome")
