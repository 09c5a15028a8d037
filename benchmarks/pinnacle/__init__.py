"""The problems of PINNacle (Hao et al. 2023, arXiv:2306.08827), each by its plain command, against references computed here."""
