"""Events to Microsoft Sentinel by the Logs Ingestion API of Azure Monitor."""
