"""The same as `python -m benchmarks.accuracy`."""

from benchmarks.accuracy import main

if __name__ == "__main__":
    raise SystemExit(main())
