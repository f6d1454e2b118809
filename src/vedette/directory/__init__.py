"""Users, groups and devices as Entra last said them."""
