"""The same as `python -m benchmarks.operators`."""

from benchmarks.operators import main

if __name__ == "__main__":
    raise SystemExit(main())
