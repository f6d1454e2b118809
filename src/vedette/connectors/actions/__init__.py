"""Acts that follow a change: a check-in asked of Intune, a notification on the phone, sign-in sessions ended."""
