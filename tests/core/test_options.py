"""Options carry their bounds, and what lies outside is refused in one line."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiome.core import ConfigError, ShiomeError, check, option
from shiome.core.errors import DataError, ModelError, OutputError


@dataclasses.dataclass(frozen=True)
class Options:
    members: int = option(10, "Members.", ge=2, le=100)
    time_step: float = option(0.5, "Step.", unit="day", ge=0.1)
    damping: float = option(1.0, "Damping.", unit="s-1", le=2.0)
    size: str = option("small", "Size.", choices=("small", "full"))
    start: str | None = option(None, "Start.", choices=("now",))


def test_metadata_reach_the_field():
    field = {f.name: f for f in dataclasses.fields(Options)}["time_step"]
    assert field.default == 0.5
    assert field.metadata["help"] == "Step."
    assert field.metadata["unit"] == "day"
    assert field.metadata["ge"] == 0.1


@given(st.integers(-10, 200))
def test_bounds_are_inclusive(members):
    options = Options(members=members)
    if 2 <= members <= 100:
        check(options)
    else:
        with pytest.raises(ConfigError):
            check(options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"members": 1}, "--members is 1; expected between 2 and 100."),
        ({"time_step": 0.01}, "--time-step is 0.01; expected at least 0.1 day."),
        ({"damping": 3.0}, "--damping is 3.0; expected at most 2.0 s-1."),
        ({"size": "huge"}, "--size is 'huge'; expected one of: small, full."),
        ({"start": "then"}, "--start is 'then'; expected one of: now."),
    ],
)
def test_messages_name_flag_value_and_what_is_right(change, message):
    with pytest.raises(ConfigError) as caught:
        check(Options(**change))
    assert str(caught.value) == message


def test_nothing_said_is_accepted():
    check(Options(start=None))


def test_every_error_is_one_that_a_user_can_mend():
    for kind in (ConfigError, DataError, OutputError, ModelError):
        assert issubclass(kind, ShiomeError)
