"""A recording told again: at another tempo, and run into another of the same person's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge_agent.falls.candidates import Floats
from edge_agent.falls.examples import examples
from edge_agent.falls.recordings import RecordingSet, Trial
from edge_agent.falls.retold import at_tempo, first_movement, joined, run_together
from tests.unit.edge_agent.falls.falling import IMPACT_S, fall

BEDROOM = RecordingSet("bedroom", "bedroom", "waist", 16.0, "invented", runs_into=(("sit", "lie"),))


def recorded(
    samples: Floats,
    activity: str = "fall",
    subject: str = "a",
    *,
    is_fall: bool = False,
    rate_hz: float = 50.0,
) -> Trial:
    return Trial(
        name=f"{activity} of {subject}",
        subject=subject,
        elderly=False,
        activity=activity,
        is_fall=is_fall,
        acc_mg=np.rint(samples * 1000).astype(np.int16),
        fall_start_s=IMPACT_S - 0.5 if is_fall else None,
        fall_end_s=IMPACT_S + 0.1 if is_fall else None,
        rate_hz=rate_hz,
    )


def moved(*postures: tuple[float, float, float], bump_g: float = 0.8, seconds: float = 12.0) -> Floats:
    """From one posture into the next with a bump, each kept for an equal share of the time."""
    stays = np.array_split(np.arange(round(seconds * 50)), len(postures))
    samples = np.concatenate(
        [np.tile(one, (len(stay), 1)) for one, stay in zip(postures, stays, strict=True)]
    )
    for stay in stays[1:]:
        samples[stay[0] - 10 : stay[0] + 10] *= 1 + bump_g * np.sin(np.linspace(0, np.pi, 20))[:, None]
    return samples + np.random.default_rng(2).normal(0, 0.002, samples.shape)


STANDING, SITTING, LYING = (0.0, 0.0, 1.0), (0.0, 0.4, 0.92), (1.0, 0.0, 0.0)
SIT = recorded(moved(STANDING, SITTING), "sit")
LIE = recorded(moved(SITTING, LYING), "lie")


def test_a_quicker_fall_is_over_sooner_and_hits_harder() -> None:
    own = recorded(fall(), is_fall=True)
    quick = at_tempo(own, 1.25)
    assert quick.length_s == pytest.approx(own.length_s / 1.25, abs=0.05)
    assert quick.impact() / 50 == pytest.approx(IMPACT_S / 1.25, abs=0.1)
    assert quick.fall_start_s == pytest.approx((IMPACT_S - 0.5) / 1.25)
    assert quick.fall_end_s == pytest.approx((IMPACT_S + 0.1) / 1.25)
    assert np.abs(quick.acc_g).max() > np.abs(own.acc_g).max()


def test_a_slower_one_hits_softer() -> None:
    own = recorded(fall(), is_fall=True)
    assert np.linalg.norm(at_tempo(own, 0.8).acc_g, axis=1).max() < np.linalg.norm(own.acc_g, axis=1).max()


def test_gravity_is_the_same_at_every_tempo() -> None:
    for factor in (0.7, 1.0, 1.6):
        told = at_tempo(recorded(fall()), factor).acc_g
        np.testing.assert_allclose(told[:50].mean(axis=0), STANDING, atol=0.02)
        np.testing.assert_allclose(told[-50:].mean(axis=0), LYING, atol=0.02)


def test_its_own_tempo_changes_nothing() -> None:
    own = recorded(fall())
    np.testing.assert_array_equal(at_tempo(own, 1.0).acc_mg, own.acc_mg)


def test_a_blow_beyond_what_a_sample_can_hold_stays_at_its_limit() -> None:
    hard = recorded(fall() * 5)
    assert at_tempo(hard, 3.0).acc_mg.max() == np.iinfo(np.int16).max


def test_the_first_movement_is_found_and_not_the_second() -> None:
    found = first_movement(recorded(moved(STANDING, SITTING, STANDING)))
    assert found is not None
    assert found[0] / 50 == pytest.approx(3.8, abs=0.4)
    assert found[1] / 50 == pytest.approx(4.2, abs=0.4)


def test_who_rests_does_not_move() -> None:
    assert first_movement(recorded(moved(SITTING))) is None


def test_who_sat_down_lies_down_at_once() -> None:
    both = joined(SIT, LIE, np.random.default_rng(1))
    assert both is not None
    movement = first_movement(both)
    assert movement is not None
    begun, ended = movement
    np.testing.assert_allclose(both.acc_g[:begun].mean(axis=0), STANDING, atol=0.03)
    np.testing.assert_allclose(both.acc_g[ended:].mean(axis=0), LYING, atol=0.03)


def test_recordings_whose_postures_do_not_meet_are_not_joined() -> None:
    assert joined(SIT, recorded(moved(LYING, SITTING), "lie"), np.random.default_rng(1)) is None


def test_what_is_too_short_is_not_joined() -> None:
    short = replace(LIE, acc_mg=LIE.acc_mg[:400])
    assert joined(SIT, short, np.random.default_rng(1)) is None


def test_nobody_s_movement_runs_into_another_person_s() -> None:
    others = [replace(LIE, subject="b"), recorded(moved(STANDING, SITTING), "sit", "c")]
    assert list(run_together(BEDROOM, [SIT, *others])) == []
    (both,) = run_together(BEDROOM, [SIT, LIE, *others])
    assert (both.subject, both.is_fall) == ("a", False)


def test_what_is_told_again_is_to_train_on_and_belongs_to_its_person() -> None:
    trials = [SIT, LIE, recorded(fall(), "fall", "b", is_fall=True)]
    data = examples(BEDROOM, trials)
    assert set(data.trial.tolist()) <= {0, 1, 2}
    assert set(data.retold.subject.tolist()) == {"a", "b"}
    assert set(data.retold.subject[data.retold.is_fall].tolist()) == {"b"}
    assert len(data.retold.rows) > len(data.rows)
