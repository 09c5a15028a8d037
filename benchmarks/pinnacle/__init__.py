"""The problems of PINNacle (Hao et al. 2023, arXiv:2306.08827), by plain commands, with references."""
