"""Delivery of states to other systems: shared tables; each connector is a closed folder."""
