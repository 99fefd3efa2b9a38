"""What is fitted: trees and networks that answer on the gateway as they did where they were fitted."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from edge_agent.falls.examples import Examples, Retold
from edge_agent.falls.learners import NETWORKS, Learnt, export, fit, gains
from edge_agent.falls.model import mean_log_odds
from edge_agent.falls.network import SUREST, Network

ROWS = 600


@pytest.fixture(scope="module")
def lessons() -> Examples:
    """Six numbers, of which the product of two and a third decide, one more of a constant sensor."""
    random = np.random.default_rng(4)
    rows = random.normal(size=(ROWS, 6))
    rows[:, 5] = 1.0
    subject = np.array([f"P{n % 6}" for n in range(ROWS)])
    fall = rows[:, 0] * rows[:, 1] + rows[:, 2] > 0.3 * random.normal(size=ROWS)
    everyone = Retold(rows=rows, subject=subject, is_fall=fall, weight=np.full(ROWS, 0.5))
    numbers = np.arange(ROWS)
    return Examples(rows, numbers, numbers, subject, fall, np.ones(ROWS), everyone)


@pytest.fixture(scope="module")
def learnt(lessons: Examples) -> Learnt:
    return fit(lessons, lessons.subject != "P0", seed=2)


def test_the_trees_answer_as_scikit_learn_does(lessons: Examples) -> None:
    trees = HistGradientBoostingClassifier(max_iter=40, random_state=1).fit(lessons.rows, lessons.is_fall)
    unseen = np.random.default_rng(5).normal(size=(3000, 6)) * 2
    np.testing.assert_allclose(
        export(trees).log_odds(unseen), trees.decision_function(unseen), rtol=0, atol=1e-9
    )


def test_the_gateway_gets_the_mean_that_the_training_saw(lessons: Examples, learnt: Learnt) -> None:
    there = mean_log_odds(export(learnt.trees), learnt.networks, lessons.rows)
    np.testing.assert_allclose(there, learnt.log_odds(lessons.rows), rtol=0, atol=1e-9)


def test_who_was_not_learnt_from_is_judged_far_better_than_by_chance(
    lessons: Examples, learnt: Learnt
) -> None:
    unseen = lessons.subject == "P0"
    right = (learnt.log_odds(lessons.rows[unseen]) > 0) == lessons.is_fall[unseen]
    assert right.mean() > 0.8


def test_networks_begin_apart_and_are_all_asked(lessons: Examples, learnt: Learnt) -> None:
    said = [network.log_odds(lessons.rows) for network in learnt.networks]
    assert len(said) == NETWORKS
    assert not any(np.allclose(said[0], other) for other in said[1:])


def test_the_same_seed_learns_the_same(lessons: Examples, learnt: Learnt) -> None:
    again = fit(lessons, lessons.subject != "P0", seed=2)
    assert again.log_odds(lessons.rows).tolist() == learnt.log_odds(lessons.rows).tolist()


def test_no_network_is_surer_than_one_in_a_million_however_far_a_sensor_is_off() -> None:
    loud = Network(
        middle=np.zeros(2), spread=np.ones(2), weights=(np.full((2, 1), 1e3),), biases=(np.zeros(1),)
    )
    assert loud.log_odds(np.array([[1e9, 1e9], [-1e9, 0.0]])).tolist() == [SUREST, -SUREST]


def test_what_decides_is_named_in_shares(learnt: Learnt) -> None:
    share = gains(learnt.trees, 6)
    assert share.sum() == pytest.approx(1)
    assert set(np.argsort(-share)[:3]) == {0, 1, 2}
    assert share[5] == 0
