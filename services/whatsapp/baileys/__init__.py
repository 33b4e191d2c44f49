"""Real WhatsApp, through Baileys in a Node process."""
