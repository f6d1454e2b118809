"""Every change that can alter a phone's state, one file each; device state and StateChange."""
