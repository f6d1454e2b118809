"""Events to any address by HTTP: signed JSON, or messages for Microsoft Teams and Slack."""
