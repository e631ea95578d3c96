# Exercise 36: faults to find: each is seen in what Get-… shows, and repaired.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
New-VMSwitch -Name "Wrong" -SwitchType Private | Out-Null
Set-LabSwitch S -LearningMode Pinned    # as since Windows Server 2008 R2
"web1", "client" | ForEach-Object { New-VM -Name $_ -NoVHD -SwitchName "S" | Start-VM }
Set-GuestAddress web1 10.0.0.1
Set-GuestAddress client 10.0.0.2
Check "all is well" (Reaches client 10.0.0.1)

Set-VMNetworkAdapterVlan -VMName "web1" -Access -VlanId 11
Check "a wrong VLAN" ((Misses client 10.0.0.1) -and (Get-VMNetworkAdapterVlan -VMName "web1").AccessVlanId -eq 11)
Check "and what the lab says" ((Trace-LabPacket client web1).Verdict -like "*VLAN*")
Get-VM web1 | Set-VMNetworkAdapterVlan -Untagged
Check "repaired: VLAN" (Reaches client 10.0.0.1)

Disconnect-VMNetworkAdapter -VMName "web1"
Check "a disconnected adapter" ((Misses client 10.0.0.1) -and -not (Get-VMNetworkAdapter -VMName "web1").Connected)
$status = Invoke-Command -VMName web1 { (Get-NetAdapter -Name "Ethernet").Status }
Check "its cable is unplugged" ($status -eq "Disconnected")
Connect-VMNetworkAdapter -VMName "web1" -SwitchName "Wrong"
Check "a wrong switch" ((Misses client 10.0.0.1) -and (Get-VMNetworkAdapter -VMName "web1").SwitchName -eq "Wrong")
Get-VMSwitch S | Connect-VMNetworkAdapter -VMName "web1"
Check "repaired: switch" (Reaches client 10.0.0.1)

Add-VMNetworkAdapterAcl -VMName "client" -RemoteIPAddress 10.0.0.1 -Direction Inbound -Action Deny
Check "an ACL" ((Misses client 10.0.0.1) -and @(Get-VMNetworkAdapterAcl -VMName "client").Action -contains "Deny")
Get-VMNetworkAdapterAcl -VMName "client" | Remove-VMNetworkAdapterAcl
Check "repaired: ACL" (Reaches client 10.0.0.1)

$mac = Invoke-Command -VMName web1 { $nic = Get-NetAdapter -Name "Ethernet"; $nic.MacAddress; $nic | Set-NetAdapter -MacAddress "02-00-00-00-00-01" -Confirm:$false }
Check "missing MacAddressSpoofing" ((Misses web1 10.0.0.2) -and (Get-VMNetworkAdapter -VMName "web1").MacAddressSpoofing -eq "Off" -and @(Get-LabDrop web1).Reason -contains 16)
Invoke-Command -VMName web1 -ArgumentList $mac { param($mac) Set-NetAdapter -Name "Ethernet" -MacAddress $mac -Confirm:$false }
Check "repaired: MAC address" (Reaches client 10.0.0.1)

Invoke-Command -VMName web1 { Get-NetIPAddress -IPAddress 10.0.0.1 | Remove-NetIPAddress -Confirm:$false }
Set-GuestAddress web1 10.0.1.1
Check "an address of another subnet" ((Misses client 10.0.0.1) -and (Misses web1 10.0.0.2))
