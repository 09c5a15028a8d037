"""What an experiment names."""

from pinn.cli.experiments import UNKNOWN, keys_of_experiment


def test_an_experiment_may_name_a_problem_alone() -> None:
    assert keys_of_experiment("experiment=pinnacle/wave_1d") == {"pde", "domain"}
    assert keys_of_experiment("experiment=[pinnacle/wave_1d, pinnacle/ns_back_step]") == {"pde", "domain", "budget_s"}


def test_or_a_training() -> None:
    assert {"optimizer", "network", "sampler"} <= keys_of_experiment("experiment=quick")
    assert keys_of_experiment("+experiment=accuracy/burgers") >= {"network", "sampler"}


def test_a_file_that_is_not_found_counts_as_one() -> None:
    assert keys_of_experiment("experiment=nowhere") == {UNKNOWN}


def test_other_words_name_none() -> None:
    assert keys_of_experiment("pde=heat") == keys_of_experiment("experiment=null") == set()
