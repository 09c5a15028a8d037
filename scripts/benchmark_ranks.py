"""The same as `python -m benchmarks.ranks`."""

from benchmarks.ranks import main

if __name__ == "__main__":
    raise SystemExit(main())
