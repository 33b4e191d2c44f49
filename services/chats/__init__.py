"""The chats: what arrives, what is answered, what goes out."""
