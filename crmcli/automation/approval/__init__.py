"""What may run, send or call by itself: what somebody else brought into the folder waits for `crm trust`."""
