"""Whose an environment is."""

from pathlib import Path

from devkit.environments import ownership


def test_an_environment_is_the_kit_s_once_a_build_has_begun(tmp_path: Path) -> None:
    environment = tmp_path / ".venv-tea"
    environment.mkdir()
    assert not ownership.is_foreign(environment)  # there is nothing to lose
    (environment / "pyvenv.cfg").touch()
    assert ownership.is_foreign(environment)
    ownership.lock_file(environment).touch()
    assert ownership.is_foreign(environment)  # the lock of another program
    ownership.claim(environment)
    assert not ownership.is_foreign(environment)


def test_the_refusal_says_how_to_go_on(tmp_path: Path) -> None:
    environment = tmp_path / ".venv-tea"
    environment.mkdir()
    error = ownership.refusal(environment, tmp_path / "lock.txt")
    assert f"`rm -r {environment}`" in str(error)
    assert "was not built by `invoke setup`" in str(error)
