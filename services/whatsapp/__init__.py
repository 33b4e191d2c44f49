"""The way to WhatsApp: one interface, a simulated phone and a real one behind it."""
