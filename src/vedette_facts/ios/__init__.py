"""What a computer can be told about an iPhone or holds of it: device information, lists of applications, backups."""
