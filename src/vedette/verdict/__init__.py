"""Pure: risk levels, the 49 classifications, findings, policy and decide()."""
