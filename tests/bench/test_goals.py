from bench.goals import GOALS, verdicts
from bench.peers import PEERS
from bench.scenarios import SCENARIOS


def test_a_goal_against_a_peer_is_met_up_to_its_share_of_the_peers_figure() -> None:
    [met] = verdicts({"paced": {"cpu": {"pulso": 8.0, "original": 8.0}}})
    [missed] = verdicts({"paced": {"cpu": {"pulso": 8.1, "original": 8.0}}})
    assert (met.met, missed.met) == (True, False)
    assert met.ratio == 1.0


def test_a_goal_of_its_own_is_met_up_to_its_limit() -> None:
    [met] = verdicts({"idle": {"memory": {"pulso": 18.0, "raw": 0.4}}})
    [missed] = verdicts({"idle": {"memory": {"pulso": 18.1}}})
    assert (met.met, missed.met) == (True, False)
    assert met.ratio is None


def test_a_goal_to_reach_is_met_from_its_limit_on() -> None:
    [met] = verdicts({"ingest": {"rate": {"pulso": 1_000.0}}})
    [missed] = verdicts({"ingest": {"rate": {"pulso": 999.0}}})
    assert (met.met, missed.met) == (True, False)


def test_what_was_not_measured_has_no_verdict() -> None:
    assert verdicts({}) == []
    assert verdicts({"paced": {"cpu": {"pulso": 8.0}}}) == []


def test_every_goal_names_a_measure_and_a_peer_that_take_part() -> None:
    scenarios = {scenario.name: scenario for scenario in SCENARIOS}
    for goal in GOALS:
        scenario = scenarios[goal.scenario]
        assert goal.measure in scenario.measures
        assert goal.peer is None or goal.peer in scenario.peers


def test_every_scenario_names_peers_that_exist_and_pulso_first() -> None:
    names = [peer.name for peer in PEERS]
    for scenario in SCENARIOS:
        assert scenario.peers[0] == "pulso"
        assert set(scenario.peers) <= set(names)
