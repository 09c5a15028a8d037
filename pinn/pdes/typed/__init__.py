"""Problems that are typed as formulas."""
