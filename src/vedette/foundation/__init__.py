"""What every other part stands on: clock, ids, secrets, database doors, outbound HTTP, Graph, jobs and mail.

Nothing here knows a table of the product.
"""
