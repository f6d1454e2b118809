"""A stand-in for Microsoft's cloud (Entra, Graph, Intune, conditional access) and a fleet of phones."""
