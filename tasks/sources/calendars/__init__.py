"""What all calendars share: an entry of a day, the options, and what is due on which day.

A calendar is a class beside `tasks/sources/solar_terms.py` that derives from `source.CalendarSource` and lists its
entries; ahead, between and after the fact is decided here.
"""
