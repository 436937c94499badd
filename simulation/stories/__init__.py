"""What players and people do together: interactions, chains, intents and narratives."""
