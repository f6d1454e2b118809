"""`vedette scan`: what an analyst collected of a phone, judged and told as text, JSON, HTML or STIX."""
