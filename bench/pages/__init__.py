"""What the monitor page costs its browser: Chromium on an afternoon of chats."""
