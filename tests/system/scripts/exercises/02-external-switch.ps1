# Exercise 2: what an external switch does to the host's network: before, with it, and after.
. "$PSScriptRoot\checks.ps1"

$before = Get-NetIPAddress -InterfaceAlias "Ethernet" -AddressFamily IPv4
$nic = Get-NetAdapter -Name "Ethernet"
Check "the NIC has the address" ($before.IPAddress -eq "192.168.1.20" -and (HostReaches 192.168.1.10))
Check "the NIC has TCP/IP" ((Get-NetAdapterBinding -Name "Ethernet" -ComponentID ms_tcpip).Enabled)

New-VMSwitch -Name "S" -NetAdapterName "Ethernet" -AllowManagementOS $true | Out-Null

Check "the address has moved" ((Get-NetIPAddress -AddressFamily IPv4 -IPAddress 192.168.1.20).InterfaceAlias -eq "vEthernet (S)")
Check "the NIC has none" (-not (Get-NetIPAddress -InterfaceAlias "Ethernet" -AddressFamily IPv4 -ErrorAction SilentlyContinue))
$bound = Get-NetAdapterBinding -Name "Ethernet" | Where-Object Enabled
Check "only the switch is bound to the NIC" (@($bound).Count -eq 1 -and $bound.ComponentID -eq "vms_pp")
Check "the host adapter is bound to TCP/IP" ((Get-NetAdapterBinding -Name "vEthernet (S)" -ComponentID ms_tcpip).Enabled)
$virtual = Get-NetAdapter -Name "vEthernet (S)"
Check "the host adapter has the NIC's MAC address" ($virtual.MacAddress -eq $nic.MacAddress)
Check "its description" ($virtual.InterfaceDescription -like "Hyper-V Virtual Ethernet Adapter*")
Check "the gateway has moved" ((Get-NetRoute -DestinationPrefix "0.0.0.0/0").InterfaceAlias -eq "vEthernet (S)")
Check "the host reaches the office" (HostReaches 192.168.1.10)
Check "the host reaches the internet" (HostReaches 203.0.113.80)
Check "the office reaches the host" (ComputerReaches pc1 192.168.1.20)

Remove-VMSwitch -Name "S" -Force
Check "the host adapter is gone" (-not (Get-NetAdapter -Name "vEthernet*"))
Check "the address is back" ((Get-NetIPAddress -InterfaceAlias "Ethernet" -AddressFamily IPv4).IPAddress -eq "192.168.1.20")
Check "TCP/IP is bound again" ((Get-NetAdapterBinding -Name "Ethernet" -ComponentID ms_tcpip).Enabled)
Check "and it works" ((HostReaches 203.0.113.80) -and (ComputerReaches pc1 192.168.1.20))
