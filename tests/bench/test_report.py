from bench.report import goals_table, measures_table
from bench.results import Results


def test_the_median_of_the_runs_is_what_is_shown() -> None:
    results = Results()
    for value in (9.0, 7.0, 8.0):
        results.add("paced", "pulso", {"cpu": value})
        results.add("paced", "original", {"cpu": 2 * value})
    assert "8.00" in measures_table(results) and "16.0" in measures_table(results)
    assert "0.50 ×" in goals_table(results)
    assert "NOT MET" not in goals_table(results)


def test_a_goal_to_reach_is_shown_as_such() -> None:
    results = Results()
    results.add("ingest", "pulso", {"rate": 1_200.0})
    [line] = goals_table(results).splitlines()[2:]
    assert "≥ 1,000 /s" in line and "NOT MET" not in line


def test_a_goal_that_is_missed_is_said_to_be() -> None:
    results = Results()
    results.add("idle", "pulso", {"memory": 40.0, "open": 300.0})
    memory, opening = goals_table(results).splitlines()[2:]
    assert "NOT MET" in memory and "NOT MET" not in opening
