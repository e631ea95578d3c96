"""Roles and features of Windows Server, as module ServerManager installs them."""
