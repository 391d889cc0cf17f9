"""Stand-ins for the other side: real servers on loopback that can misbehave on purpose."""
