"""`vedette demo`: the service, a simulated Microsoft cloud and a fleet of phones, on one machine."""
