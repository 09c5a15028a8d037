"""Problems made of other problems: inverse, parametric, in windows of time."""
