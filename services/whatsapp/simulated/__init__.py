"""A simulated WhatsApp, with a phone that acts by command."""
