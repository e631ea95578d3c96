# Exercise 35: a VM routes between an internal and an external switch; who is behind it needs a way back.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "External" -NetAdapterName "Ethernet" -AllowManagementOS $true | Out-Null
New-VMSwitch -Name "Internal" -SwitchType Internal | Out-Null
New-NetIPAddress -InterfaceAlias "vEthernet (Internal)" -IPAddress 10.0.2.254 -PrefixLength 24 | Out-Null
New-VM -Name "router" -NoVHD -SwitchName "External" | Out-Null
Add-VMNetworkAdapter -VMName "router" -SwitchName "Internal"
New-VM -Name "inside" -NoVHD -SwitchName "Internal" | Out-Null
New-VM -Name "outside" -NoVHD -SwitchName "External" | Out-Null
Start-VM -Name "router", "inside", "outside"
Set-GuestAddress router 192.168.1.50
Set-GuestAddress router 10.0.2.1 -Interface "Ethernet 2"
Set-GuestAddress inside 10.0.2.2 -Gateway 10.0.2.1
Set-GuestAddress outside 192.168.1.51
Check "the router in both" ((Reaches router 10.0.2.2) -and (Reaches router 192.168.1.51))
Check "it does not forward yet" (Misses inside 192.168.1.51)

Invoke-Command -VMName router { Set-NetIPInterface -InterfaceAlias "Ethernet", "Ethernet 2" -AddressFamily IPv4 -Forwarding Enabled }
Check "forwarded, and no way back" (Misses inside 192.168.1.51)
Invoke-Command -VMName outside { New-NetRoute -InterfaceAlias "Ethernet" -DestinationPrefix 10.0.2.0/24 -NextHop 192.168.1.50 | Out-Null }
Check "with a static route" ((Reaches inside 192.168.1.51) -and (Reaches outside 10.0.2.2))

# The host has an adapter on both switches: what comes by the router goes back directly.
Check "the host, by both its addresses" ((Reaches inside 10.0.2.254) -and (HostReaches 10.0.2.2))
$hops = Invoke-Command -VMName outside { (Test-NetConnection -ComputerName 10.0.2.2 -TraceRoute).TraceRoute }
Check "the way" (($hops -join " ") -eq "192.168.1.50 10.0.2.2")
Invoke-Command -VMName outside { Remove-NetRoute -DestinationPrefix 10.0.2.0/24 -Confirm:$false }
Check "without the route again" (Misses outside 10.0.2.2)
