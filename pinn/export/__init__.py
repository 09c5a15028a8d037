"""The solution of a run for other programs: samples in files, or the field itself as a program."""
