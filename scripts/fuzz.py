"""The same as `python -m tests.fuzzing.fuzz`."""

from tests.fuzzing.fuzz import main

if __name__ == "__main__":
    raise SystemExit(main())
