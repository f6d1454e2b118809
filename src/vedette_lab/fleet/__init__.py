"""A fleet of simulated phones that runs the real agent, and the orders a person gives them.

The fleet is a process of its own (`python -m vedette_lab fleet`) and a client of the lab; the lab holds only the
orders (`routes`), which the fleet fetches every second.
"""

from vedette_lab.fleet.orders import routes

__all__ = ["routes"]
