"""A resident's day, and what a body-worn accelerometer feels of it."""

from __future__ import annotations

import math
import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from simulators import motion
from simulators.resident import DAY, HOUR, Days, Doing, RoutineClock, day

seeds = st.integers(0, 10_000)


@given(seeds)
def test_a_day_begins_asleep_at_midnight_and_its_stays_follow_each_other(seed: int) -> None:
    stays = day(random.Random(seed))
    assert (stays[0].start_s, stays[0].doing) == (0.0, Doing.SLEEPING)
    assert all(a.start_s < b.start_s for a, b in pairwise(stays))
    assert stays[-1].start_s < DAY


@given(seeds, st.floats(0, 5 * DAY, exclude_max=True))
def test_any_moment_lies_in_the_stay_that_is_told_for_it(seed: int, moment: float) -> None:
    stay, ends = Days(str(seed)).at(moment)
    assert stay.start_s <= moment - moment // DAY * DAY
    assert moment < ends


def test_asking_twice_gives_the_same_day_and_tomorrow_another() -> None:
    days = Days("h001")
    first = list(days.moves(0, DAY))
    assert list(Days("h001").moves(0, DAY)) == first
    assert [at - DAY for at, _ in days.moves(DAY, 2 * DAY)] != [at for at, _ in first]


def test_a_fast_clock_shortens_the_wait() -> None:
    elapsed = 10.0
    clock = RoutineClock(lambda: elapsed, start_s=7 * HOUR, speed=60.0)
    assert clock.moment_s() == 7 * HOUR + 600
    assert clock.real_s(8 * HOUR) == 50.0
    assert clock.real_s(6 * HOUR) == 0.0


def magnitudes(samples: list[motion.Sample]) -> list[float]:
    return [math.dist(sample, (0, 0, 0)) / motion.G for sample in samples]


@given(seeds)
def test_a_fall_reads_lightness_then_a_blow_then_gravity_along_another_axis(seed: int) -> None:
    samples = list(motion.fall(random.Random(seed), still_s=4.0))
    felt = magnitudes(samples)
    impact = felt.index(max(felt))
    assert max(felt) > 4
    assert min(felt[impact - 10 : impact]) < 0.6
    upright, lying = samples[0], samples[-1]
    assert abs(upright[1]) > 800 > abs(upright[2])
    assert abs(lying[2]) > 800 > abs(lying[1])
    assert all(abs(1 - each) < 0.2 for each in felt[-100:])


@given(seeds)
def test_nothing_but_a_fall_comes_near_a_blow(seed: int) -> None:
    rng = random.Random(seed)
    calm = [*motion.rest(2, rng), *motion.rest(2, rng, lying=True), *motion.walk(2, rng)]
    assert max(magnitudes(calm)) < 1.5


def test_a_second_is_fifty_samples() -> None:
    assert len(list(motion.rest(1, random.Random(1)))) == motion.RATE_HZ
