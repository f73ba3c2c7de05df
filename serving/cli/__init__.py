"""The console command `jiesu`. Its modules import what a command needs when it runs."""
