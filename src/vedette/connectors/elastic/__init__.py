"""Events to Elasticsearch by its bulk API, in the fields of the Elastic Common Schema."""
