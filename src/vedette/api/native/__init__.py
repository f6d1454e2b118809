"""The native API `/api/v1`: read and write, by application key or by a signed-in administrator (docs/native-api.md).

A route (`route.Route`) says everything about an address; `table.ROUTES` holds them all, and both the dispatcher
(`app.NativeApi`) and the OpenAPI document (`openapi.document`) are made from it, so they cannot differ.
"""
