"""Robots, triggers and schedules, run by crm tick."""
