"""When and where: Prefect flows, the command line, what the Prefect UI shows."""
