"""Reports: pure arithmetic over a report's cells (`cube`) and over months to come (`cash`)."""
