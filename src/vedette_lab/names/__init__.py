"""A name server of the lab's own: invented addresses for every name, so that nothing outside is ever asked."""
