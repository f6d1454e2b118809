"""Device, device group, invitation, device key, facts and report inbox: tables and reads."""
